import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { PanelReply, PanelState } from "../../../sandbox/panel/panel-api.ts";
import { cluster as seed, pager as pagerSeed, people } from "../../../sandbox/seed.ts";
import { type Sandbox, startSandbox } from "../../../sandbox/start-sandbox.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const soon = { timeout: 15_000, interval: 50 };
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({
    port: 0,
    dataDir: temporaryFolder(),
    crai: false,
    timing: {
      metrics: 100,
      pace: { rate: "1s" },
      pods: { podStart: 50, podStop: 20 },
      alertmanager: { groupWait: 10, groupInterval: 300 },
    },
    alerting: { pending: 100 },
  });
});
afterAll(() => sandbox.close());

async function state(): Promise<PanelState> {
  return (await (await fetch(`${sandbox.url}/panel/state`)).json()) as PanelState;
}

async function command(body: unknown): Promise<{ status: number; reply: PanelReply }> {
  const response = await fetch(`${sandbox.url}/panel/commands`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return { status: response.status, reply: (await response.json()) as PanelReply };
}

it("ships a bad release: the figures degrade, an alert fires, the pager opens an incident, and a reset ends it all", async () => {
  const shipped = await command({ command: "ship-release", kind: "errors" });
  await vi.waitFor(async () => {
    const { releases, alerts, pagerIncidents, metrics } = await state();
    expect(releases[0]).toEqual({ app: "api", tag: "v1.2.0-errors", kind: "errors", ready: 3, desired: 3 });
    expect(metrics.find(({ app }) => app === "api")!.now.errorRate).toBeGreaterThan(0.05);
    expect(alerts.map(({ name, app, severity }) => [name, app, severity])).toEqual([
      ["HighErrorRate", "api", "critical"],
    ]);
    expect(pagerIncidents).toMatchObject([{ status: "triggered", service: "api", assignees: ["Robin"] }]);
  }, soon);

  const reset = await command({ command: "reset" });
  await vi.waitFor(async () => {
    const { releases, alerts, pagerIncidents } = await state();
    expect(releases[0]).toMatchObject({ tag: "v1.3.0", kind: "good", ready: 3 });
    expect(alerts).toEqual([]);
    expect(pagerIncidents.map(({ status }) => status)).toEqual(["resolved"]);
  }, soon);

  expect(shipped).toEqual({
    status: 200,
    reply: { ok: true, message: "api v1.2.0-errors is being rolled out." },
  });
  expect(reset.status).toBe(200);
});

it("ships as the delivery pipeline, so that the audit log and the fields' manager show no person", async () => {
  await command({ command: "ship-release", kind: "good", app: "mlflow" });

  const { impersonatedUser, userAgent } = sandbox.cluster.audit.findLast(({ verb }) => verb === "patch")!;
  const deployment = sandbox.cluster.store.get("deployments", seed.namespace, "mlflow-deployment")!;
  expect([impersonatedUser!.username, userAgent]).toEqual(["ci@credit-risk-ai.example.com", "ci-deploy/1.0"]);
  expect(JSON.stringify(deployment.metadata.managedFields)).toContain("ci-deploy");
  expect(deployment.metadata.annotations!["kubernetes.io/change-cause"]).toMatch(/^Release v2\.11\.0: /);
});

it("streams the state at once and after each change", async () => {
  const stopped = new AbortController();
  const response = await fetch(`${sandbox.url}/panel/events`, { signal: stopped.signal });
  const states: PanelState[] = [];
  const reading = (async () => {
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split("\n\n");
      rest = events.pop()!;
      states.push(...events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)![1]!) as PanelState));
    }
  })().catch(() => undefined);
  await vi.waitFor(() => expect(states.length).toBeGreaterThan(0), soon);

  await command({ command: "fault", system: "slack", mode: "slow" });
  await vi.waitFor(() => expect(states.at(-1)!.faults.slack).toEqual({ mode: "slow", delayMs: 2_000 }), soon);
  await command({ command: "fault", system: "slack", mode: "ok" });
  await vi.waitFor(() => expect(states.at(-1)!.faults.slack).toEqual({ mode: "ok", delayMs: 0 }), soon);

  stopped.abort();
  await reading;
  expect(response.headers.get("content-type")).toBe("text/event-stream");
});

it("takes each system down and up again", async () => {
  const reach = {
    slack: () => fetch(`${sandbox.url}/slack/api/auth.test`, { method: "POST" }),
    pagerduty: () =>
      fetch(`${sandbox.url}/pager/users`, {
        headers: { authorization: `Token token=${pagerSeed.apiToken}` },
      }),
    kubernetes: () => fetch(`${sandbox.url}/k8s/version`),
  };
  const works = async (system: keyof typeof reach) => (await reach[system]().catch(() => null))?.ok ?? false;

  for (const system of ["slack", "pagerduty", "kubernetes"] as const) {
    const before = await works(system);
    await command({ command: "fault", system, mode: "down" });
    const during = await works(system);
    await command({ command: "fault", system, mode: "ok" });
    expect([system, before, during, await works(system)]).toEqual([system, true, false, true]);
  }
});

it("says that nothing can be shipped while the API server is down", async () => {
  await command({ command: "fault", system: "kubernetes", mode: "down" });
  const { status, reply } = await command({ command: "ship-release", kind: "slow" });
  await command({ command: "fault", system: "kubernetes", mode: "ok" });

  expect(status).toBe(502);
  expect(reply).toMatchObject({
    ok: false,
    message: expect.stringContaining("The API server did not take the release") as string,
  });
});

it("acknowledges and resolves a pager incident as a person, if that person has an account", async () => {
  const { incidents } = sandbox.pager;
  const agent = {
    kind: "user",
    user: { id: "PROBIN", name: "Robin", email: people.robin.email, jobTitle: "" },
  } as const;
  const { id, number } = incidents.trigger(
    { title: "by hand", service: { id: "PSVCAPI", name: "api", routingKey: "" } },
    agent,
  );

  const bySasha = await command({
    command: "acknowledge-incident",
    incident: id,
    person: people.sasha.slack,
  });
  const byAlex = await command({ command: "acknowledge-incident", incident: id, person: people.alex.slack });
  const byOnCall = await command({ command: "resolve-incident", incident: id });
  const again = await command({ command: "resolve-incident", incident: id });
  const nobodys = await command({ command: "resolve-incident", incident: "QNOSUCH" });

  expect([bySasha.status, bySasha.reply.message]).toEqual([409, "Sasha has no PagerDuty account."]);
  expect([byAlex.status, byAlex.reply.message]).toEqual([
    200,
    `Alex acknowledged incident #${number} in PagerDuty.`,
  ]);
  expect([byOnCall.status, byOnCall.reply.message]).toEqual([
    200,
    `Robin resolved incident #${number} in PagerDuty.`,
  ]);
  expect([again.status, nobodys.status]).toEqual([409, 409]);
});

it("counts a storm's alerts truly and shows the first fifty", async () => {
  await command({ command: "alert-storm", count: 1_234 });

  const { alerts, alertCount } = await state();
  await command({ command: "reset" });

  expect([alerts.length, alertCount]).toEqual([50, 1_234]);
  expect(new Set(alerts.map(({ fingerprint }) => fingerprint)).size).toBe(50);
  expect((await state()).alertCount).toBe(0);
});

it("says why there is nothing to kill", async () => {
  const { status, reply } = await command({ command: "kill-crai" });

  expect([status, reply.message]).toEqual([409, "crai does not run, so there is nothing to kill."]);
});

it.each([
  [{ command: "explode" }],
  [{ command: "alert-storm", count: 0 }],
  [{ command: "fault", system: "github", mode: "down" }],
  [{ command: "ship-release", kind: "errors", extra: true }],
  [null],
])("refuses %j", async (body) => {
  const { status, reply } = await command(body);

  expect([status, reply.ok]).toEqual([400, false]);
  expect(reply.message).toContain("The panel does not know this command");
});

it("adds a node, takes the metrics API away and refuses untagged images until the reset", async () => {
  const before = (await state()).cluster;
  const added = await command({ command: "add-node" });
  const down = await command({ command: "metrics-api", state: "unavailable" });

  const strict = await command({ command: "image-policy", on: true });
  const untagged = await fetch(
    `${sandbox.url}/k8s/apis/apps/v1/namespaces/credit-risk-ai/deployments?dryRun=All`,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        metadata: { name: "untagged" },
        spec: {
          selector: { matchLabels: { app: "u" } },
          template: {
            metadata: { labels: { app: "u" } },
            spec: { containers: [{ name: "u", image: "u:latest" }] },
          },
        },
      }),
    },
  );

  expect(strict.reply.message).toBe("The cluster refuses workloads whose images have no tag.");
  expect(untagged.status).toBe(422);
  expect(await untagged.text()).toContain("denied request: every image needs a tag other than latest");
  expect(added.reply.message).toBe(`practice-node-${before.nodes.length + 1} joined the practice cluster.`);
  expect(down.reply.message).toBe("The metrics API is unavailable.");
  expect((await state()).cluster).toEqual({
    nodes: [...before.nodes, { name: `practice-node-${before.nodes.length + 1}`, cordoned: false }],
    metricsApi: "unavailable",
    imagePolicy: true,
  });

  await command({ command: "reset" });
  expect((await state()).cluster).toMatchObject({ metricsApi: "serving", imagePolicy: false });
});

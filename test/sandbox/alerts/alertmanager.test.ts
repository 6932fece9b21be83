import { existsSync, readFileSync } from "node:fs";
import { expect, it, onTestFinished, vi } from "vitest";
import { fingerprint, type PostedAlert } from "../../../sandbox/alerts/alert.ts";
import { type AlertmanagerOptions, createAlertmanager } from "../../../sandbox/alerts/alertmanager.ts";
import { createGrafana } from "../../../sandbox/alerts/grafana.ts";
import { pagerReceiver, webhookReceiver } from "../../../sandbox/alerts/receivers.ts";
import { storm } from "../../../sandbox/alerts/storm.ts";
import { services } from "../../../sandbox/pager/account.ts";
import { startSink } from "../../support/sink.ts";
import { startPager } from "../pager/setup.ts";

const soon = { timeout: 15_000 };

interface Body {
  status: string;
  groupKey: string;
  alerts: {
    status: string;
    fingerprint: string;
    startsAt: string;
    endsAt: string;
    labels: Record<string, string>;
  }[];
}

const origin = "http://localhost:3000";
const timing = { groupWait: 5, groupInterval: 100, repeatInterval: 3_600_000, retryFirst: 5 };

function alert(name: string, more: Record<string, string> = {}): PostedAlert {
  return {
    labels: { alertname: name, app: "api", severity: "critical", ...more },
    annotations: { summary: `${name} of api`, description: "More than 5 %." },
    startsAt: Date.now(),
    endsAt: null,
    generatorURL: `${origin}/prom/graph`,
  };
}

async function start(options: Partial<AlertmanagerOptions> = {}, answer?: Parameters<typeof startSink>[0]) {
  const sink = await startSink(answer);
  const crai = webhookReceiver({
    url: `${sink.url}/webhooks/alertmanager`,
    token: "token",
    origin,
    delayMs: 0,
  });
  const alertmanager = createAlertmanager({
    receivers: [crai],
    sequence: "together",
    groupBy: ["alertname", "app", "node"],
    timing,
    ...options,
  });
  onTestFinished(() => alertmanager.close());
  const bodies = () => sink.received.map(({ body }) => JSON.parse(body) as Body);
  return { sink, crai, alertmanager, bodies };
}

it("tells of a group with a bearer token, again when it changes, and last when it is resolved", async () => {
  const { sink, alertmanager, bodies } = await start();
  const first = alert("HighErrorRate", { pod: "a" });

  alertmanager.receive([first]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(1), soon);
  alertmanager.receive([alert("HighErrorRate", { pod: "b" })]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(2), soon);
  alertmanager.receive([{ ...first, endsAt: Date.now() }]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(3), soon);

  expect(sink.received[0]!.headers.authorization).toBe("Bearer token");
  expect(
    bodies().map(({ alerts }) => alerts.map(({ status, labels }) => `${labels["pod"]} ${status}`)),
  ).toEqual([["a firing"], ["a firing", "b firing"], ["a resolved", "b firing"]]);
  expect(bodies()[2]!.alerts[0]!.startsAt).toBe(bodies()[0]!.alerts[0]!.startsAt);
  expect(alertmanager.firing().map(({ labels }) => labels["pod"])).toEqual(["b"]);
});

it("says nothing twice: a group that has not changed waits for the repeat interval", async () => {
  const { alertmanager, bodies } = await start();
  const same = alert("HighErrorRate");

  alertmanager.receive([same]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(1), soon);
  alertmanager.receive([same]);
  alertmanager.receive([alert("Other")]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(2), soon);
  alertmanager.receive([alert("Other", { pod: "x" })]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(3), soon);

  expect(bodies().map(({ alerts }) => alerts[0]!.labels["alertname"])).toEqual([
    "HighErrorRate",
    "Other",
    "Other",
  ]);
});

it("repeats what still fires after the repeat interval", async () => {
  const { alertmanager, bodies } = await start({
    timing: { ...timing, groupInterval: 20, repeatInterval: 1 },
  });

  alertmanager.receive([alert("HighErrorRate")]);

  await vi.waitFor(() => expect(bodies().length).toBeGreaterThan(2), soon);
});

it("tries again on 5xx, within the group interval", async () => {
  const { alertmanager, bodies, sink } = await start(
    { timing: { ...timing, groupInterval: 60_000 } },
    (_received, index) => (index < 3 ? 503 : 200),
  );

  alertmanager.receive([alert("HighErrorRate")]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(4), soon);

  expect(new Set(sink.received.map(({ body }) => body)).size).toBe(1);
});

it.each([400, 401, 413, 429])("does not try again on %i before the next group interval", async (status) => {
  const { alertmanager, bodies } = await start({}, () => status);
  const attempts: number[] = [];
  alertmanager.onChange(() => attempts.push(bodies().length));

  alertmanager.receive([alert("HighErrorRate")]);
  await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(3), soon);

  // One post for each flush after the alert arrived, and none between.
  expect(attempts.slice(1, 4)).toEqual([1, 2, 3]);
});

it("resolves by itself an alert that its source no longer posts", async () => {
  let now = Date.now();
  const { alertmanager, bodies } = await start({ clock: () => now });

  alertmanager.receive([{ ...alert("HighErrorRate"), endsAt: now + 60_000 }]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(1), soon);
  now += 61_000;
  await vi.waitFor(() => expect(bodies().at(-1)!.status).toBe("resolved"), soon);

  expect(alertmanager.firing()).toEqual([]);
});

it("says nothing of a resolved alert that never fired", async () => {
  const { alertmanager, bodies } = await start();

  alertmanager.receive([{ ...alert("Gone"), endsAt: Date.now() }, alert("Here")]);
  await vi.waitFor(() => expect(bodies()).toHaveLength(1), soon);

  expect(bodies()[0]!.alerts.map(({ labels }) => labels["alertname"])).toEqual(["Here"]);
});

it.each(["alertmanager-first", "pagerduty-first"] as const)("can tell %s", async (order) => {
  const heard: string[] = [];
  const sink = await startSink(({ path }) => {
    heard.push(path);
    return 200;
  });
  const { pager, url } = await startPager();
  pager.subscribe(`${sink.url}/pagerduty`, ["secret"]);
  const crai = webhookReceiver({ url: `${sink.url}/alertmanager`, token: "token", origin, delayMs: 0 });
  const pagerduty = pagerReceiver({
    url: `${url}/v2/enqueue`,
    origin,
    delayMs: 0,
    routingKey: () => services[0]!.routingKey,
    settled: () => pager.webhooks.idle(),
  });
  const receivers = order === "pagerduty-first" ? [pagerduty, crai] : [crai, pagerduty];
  const { alertmanager } = await start({ receivers, sequence: "in-order" });

  const firing = alert("HighErrorRate");
  alertmanager.receive([firing]);
  await vi.waitFor(() => expect(heard).toHaveLength(2), soon);
  alertmanager.receive([{ ...firing, endsAt: Date.now() }]);
  await vi.waitFor(() => expect(heard).toHaveLength(4), soon);

  const once =
    order === "pagerduty-first" ? ["/pagerduty", "/alertmanager"] : ["/alertmanager", "/pagerduty"];
  expect(heard).toEqual([...once, ...once]);
  expect(pager.incidents.all.map(({ status, title }) => [status, title])).toEqual([
    ["resolved", "HighErrorRate of api"],
  ]);
});

it("pages for what is critical only", async () => {
  const { pager, url } = await startPager();
  const pagerduty = pagerReceiver({
    url: `${url}/v2/enqueue`,
    origin,
    delayMs: 0,
    routingKey: () => services[0]!.routingKey,
  });
  const sink = await startSink();
  const crai = webhookReceiver({ url: sink.url, token: "token", origin, delayMs: 0 });
  const { alertmanager } = await start({ receivers: [pagerduty, crai], sequence: "in-order" });

  alertmanager.receive([alert("HighLatency", { severity: "warning" }), alert("HighErrorRate")]);
  await vi.waitFor(() => expect(sink.received).toHaveLength(2), soon);

  expect(pager.incidents.all.map(({ title }) => title)).toEqual(["HighErrorRate of api"]);
});

it("delivers a storm in groups small enough for a limit of 1 MB, each alert once", async () => {
  const { alertmanager, sink, bodies } = await start({ timing: { ...timing, groupInterval: 60_000 } });

  alertmanager.receive(storm(5_000, Date.now(), origin));
  await vi.waitFor(() => expect(sink.received).toHaveLength(50), { timeout: 20_000 });

  expect(new Set(bodies().flatMap(({ alerts }) => alerts.map((one) => one.fingerprint))).size).toBe(5_000);
  expect(Math.max(...sink.received.map(({ body }) => body.length))).toBeLessThan(1_000_000);
});

const samples = "../shared/samples";

it.skipIf(!existsSync(samples))(
  "writes what a real Alertmanager wrote, fingerprint included (skipped: no ../shared/samples)",
  async () => {
    const captured = JSON.parse(readFileSync(`${samples}/alertmanager-webhook.json`, "utf8")) as {
      firing: Body;
      resolved: Body;
    };
    const [{ labels, startsAt }] = captured.firing.alerts as [Body["alerts"][0]];
    const annotations = (captured.firing.alerts[0] as unknown as { annotations: Record<string, string> })
      .annotations;
    const { generatorURL } = captured.firing.alerts[0] as unknown as { generatorURL: string };
    const { alertmanager, bodies } = await start({ groupBy: ["alertname", "service"] });
    const posted = { labels, annotations, startsAt: Date.parse(startsAt), endsAt: null, generatorURL };

    alertmanager.receive([posted]);
    await vi.waitFor(() => expect(bodies()).toHaveLength(1), soon);
    alertmanager.receive([{ ...posted, endsAt: Date.parse(captured.resolved.alerts[0]!.endsAt) }]);
    await vi.waitFor(() => expect(bodies()).toHaveLength(2), soon);

    const sameLinks = { externalURL: `${origin}/#alerts` };
    expect(bodies()[0]).toEqual({ ...captured.firing, ...sameLinks });
    expect(bodies()[1]).toEqual({
      ...captured.resolved,
      ...sameLinks,
      // A value template: Prometheus wrote it anew when it resolved, we keep the text of the firing.
      commonAnnotations: captured.firing.alerts.map(() => annotations)[0],
      alerts: [{ ...captured.resolved.alerts[0]!, annotations }],
    });
    expect(fingerprint(labels)).toBe(captured.firing.alerts[0]!.fingerprint);
  },
);

it.skipIf(!existsSync(samples))(
  "sends Grafana's fields beside Alertmanager's (skipped: no ../shared/samples)",
  async () => {
    const sample = JSON.parse(readFileSync(`${samples}/grafana-firing.json`, "utf8")) as Body;
    const sink = await startSink();
    const grafana = createGrafana({ url: sink.url, token: "grafana-token", origin });

    await grafana.send(alert("High memory usage"), { B: 44.2 });
    await grafana.send({ ...alert("High memory usage"), endsAt: Date.now() });

    const [firing, resolved] = sink.received.map(
      ({ body }) => JSON.parse(body) as Body & { state: string; title: string },
    );
    expect(Object.keys(firing!).sort()).toEqual(Object.keys(sample).sort());
    expect(Object.keys(firing!.alerts[0]!).sort()).toEqual(Object.keys(sample.alerts[0]!).sort());
    expect([firing!.state, resolved!.state, resolved!.status]).toEqual(["alerting", "ok", "resolved"]);
    expect(sink.received[0]!.headers.authorization).toBe("Bearer grafana-token");
  },
);

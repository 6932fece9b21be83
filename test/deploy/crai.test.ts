import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { openDatabase } from "../../src/store/database.ts";
import { receive } from "../../src/store/inbox.ts";
import { putOnce } from "../../src/store/outbox.ts";
import { createTelemetry } from "../../src/telemetry.ts";
import { type RunningTarget, startControlPlane } from "../contract/kubectl/real.ts";
import { kubectl } from "../contract/kubectl/run.ts";
import { createTestDatabase } from "../support/database.ts";
import { controlPlane, program } from "../support/program.ts";

interface Container {
  image: string;
  env: { name: string; value: string }[];
  startupProbe: { httpGet: { path: string } };
  readinessProbe: { httpGet: { path: string } };
  securityContext: object;
  volumeMounts: { name: string; mountPath: string }[];
}
interface Deployment {
  kind: "Deployment";
  spec: {
    replicas: number;
    strategy: { type: string };
    template: {
      spec: {
        terminationGracePeriodSeconds: number;
        securityContext: { runAsUser: number };
        containers: [Container];
        volumes: { name: string }[];
      };
    };
  };
}

const deployment = parseAllDocuments(readFileSync("deploy/deployment.yaml", "utf8"))[0]?.toJS() as Deployment;
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

test("the Deployment runs one crai at a time, and the old one ends before the new one begins", () => {
  expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: "Recreate" } });
  expect(pod.terminationGracePeriodSeconds).toBe(30);
});

test("it runs the image's own user and release, and can change nothing but its folders for scratch", () => {
  const dockerfile = readFileSync("Dockerfile", "utf8");
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(dockerfile).toContain(`USER ${pod.securityContext.runAsUser}:`);
  expect(container.image).toBe(`crai:${version}`);
  expect(container.securityContext).toMatchObject({
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
  });
  expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(
    pod.volumes.map(({ name }) => name).sort(),
  );
});

test("every setting it gives is one that crai reads, and secrets come as files", () => {
  const documented = readFileSync("docs/configuration.md", "utf8");
  const names = container.env.map(({ name }) => name);
  expect(names.filter((name) => !documented.includes(`\`${name.replace(/_FILE$/, "")}\``))).toEqual([]);
  expect(names.filter((name) => /TOKEN|SECRET|DATABASE/.test(name) && !name.endsWith("_FILE"))).toEqual([]);
  const mounted = (path: string) =>
    container.volumeMounts.some(({ mountPath }) => path.startsWith(mountPath));
  expect(container.env.filter(({ value }) => value.startsWith("/") && !mounted(value))).toEqual([]);
});

test("a crai whose Slack is away still gets its webhooks", () => {
  expect(container.readinessProbe.httpGet.path).toBe("/healthz");
});

async function startTelemetry() {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  const at = new Date("2026-11-22T10:00:00Z");
  const now = () => new Date("2026-11-22T10:05:00Z");
  return { db, at, telemetry: createTelemetry({ db, version: "1.2.3", isSlackConnected: () => false, now }) };
}

test("what waits is counted, with the age of the oldest, and commands are timed by what became of them", async () => {
  const { db, at, telemetry } = await startTelemetry();
  await putOnce(db, { key: "a", system: "slack", lane: "channel:C1", message: {}, at });
  await receive(db, { source: "grafana", key: "a", body: {}, receivedAt: at });
  const view = { summary: "No", blocks: [] };
  const dispatch = telemetry.watchCommands(["status"], () =>
    Promise.resolve({ to: "asker", view, trouble: "refused" }),
  );
  const place = { surface: "slash", channel: "C1", thread: null, responseUrl: null } as const;
  const actor = { kind: "person", id: "U1", name: "Robin" } as const;
  for (const text of ["Status api", "<script> x"]) await dispatch({ id: text, text, actor, place, at });
  await expect(
    telemetry
      .watchPager({ call: () => Promise.reject(new Error("away")) })
      .call(undefined as never, { path: "/" }),
  ).rejects.toThrow("away");

  const text = await telemetry.text();

  expect(text.split("\n")).toEqual(
    expect.arrayContaining([
      'crai_build_info{version="1.2.3"} 1',
      "crai_slack_connected 0",
      "crai_owns_record 0",
      "crai_runs_under_way 0",
      'crai_outbox_waiting{system="slack"} 1',
      'crai_outbox_oldest_age_seconds{system="slack"} 300',
      'crai_inbox_waiting{source="grafana"} 1',
      'crai_inbox_oldest_age_seconds{source="grafana"} 300',
      `crai_pagerduty_last_error_timestamp_seconds ${at.getTime() / 1000 + 300}`,
      'crai_command_duration_seconds_count{command="status",outcome="refused"} 1',
      'crai_command_duration_seconds_count{command="other",outcome="refused"} 1',
    ]),
  );
});

test("every figure that an alert of crai's own rests on is one that crai gives, and docs/deploy.md explains", async () => {
  const { telemetry } = await startTelemetry();
  const given = [...(await telemetry.text()).matchAll(/^# TYPE (crai_\w+)/gm)].map(([, name]) => name!);
  const rules = readFileSync("deploy/monitoring/crai-rules.yaml", "utf8");
  const used = [...rules.matchAll(/\bcrai_[a-z_]+/g)].map(([name]) => name.replace(/_count$/, ""));
  const docs = readFileSync("docs/deploy.md", "utf8");

  expect(given).toEqual(expect.arrayContaining(used));
  for (const name of given) expect(docs).toContain(`\`${name}\``);
});

const assets = controlPlane();
const hasKubectl = program("kubectl") !== undefined;

describe.skipIf(assets === undefined || !hasKubectl)("with a control plane", () => {
  let target: RunningTarget;
  beforeAll(async () => {
    target = await startControlPlane(assets!);
  });
  afterAll(() => target.close());

  test.each(["deploy/rbac.yaml", "deploy/deployment.yaml"])(
    "Kubernetes takes %s as it stands",
    async (file) => {
      await kubectl(target, ["create", "namespace", "crai"]);
      await kubectl(target, ["create", "namespace", "credit-risk-ai"]);
      const { exitCode, stderr } = await kubectl(target, [
        "apply",
        "--dry-run=server",
        "--validate=strict",
        "-f",
        file,
      ]);
      expect(exitCode, stderr).toBe(0);
    },
  );
});

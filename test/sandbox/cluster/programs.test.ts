import { expect, it } from "vitest";
import type { Container, Pod } from "../../../sandbox/cluster/controllers/objects.ts";
import { createLogs } from "../../../sandbox/cluster/kubelet/logs.ts";
import { programOf } from "../../../sandbox/cluster/kubelet/programs.ts";
import type { LogOptions } from "../../../sandbox/cluster/logs.ts";
import { createStore } from "../../../sandbox/cluster/store.ts";
import { eventually, startWorld, workload } from "./world.ts";
import type { World } from "./world.ts";

function container(...command: string[]): Container {
  return { name: "main", image: "tools:v1", command };
}

async function logOf(pod: Pod, options: Partial<LogOptions> = {}, now = () => new Date()): Promise<string[]> {
  const { signal } = new AbortController();
  const wanted = { container: "main", follow: false, previous: false, timestamps: false, signal, ...options };
  const lines: string[] = [];
  for await (const line of createLogs(createStore(), now, 0.01)(pod, wanted)) lines.push(line);
  return lines;
}

async function ended(world: World): Promise<Pod> {
  return eventually(() => {
    const pod = world.pods()[0];
    expect(pod?.status?.phase).toMatch(/Succeeded|Failed/);
    return pod!;
  });
}

function run(world: World, command: string[], image = "tools:v1"): void {
  world.create("jobs", "task", {
    backoffLimit: 0,
    template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image, command }] } },
  });
}

it("ends a load test with its report in the log, as locust --json prints it", async () => {
  const world = startWorld();
  run(world, ["locust", "-f", "tests/load/locustfile.py", "--headless", "--json"]);

  const lines = await logOf(await ended(world));

  const entries = JSON.parse(lines.at(-1)!) as { num_requests: number; num_failures: number; name: string }[];
  expect(entries.map(({ name }) => name)).toEqual(["/v1/predict", "/v1/explain", "/health"]);
  const requests = entries.reduce((sum, { num_requests }) => sum + num_requests, 0);
  const failures = entries.reduce((sum, { num_failures }) => sum + num_failures, 0);
  expect(failures / requests).toBeLessThan(0.01);
  expect(requests / 300).toBeGreaterThan(100);
});

it("prints locust's page with its figures when the job prints it", async () => {
  const world = startWorld();
  run(world, ["sh", "-c", "locust --headless --html=report.html && cat report.html"]);
  const page = (await logOf(await ended(world))).join("\n");
  const json = /window\.templateArgs = (.*)<\/script>/.exec(page)?.[1];
  const { requests_statistics: rows } = JSON.parse(json!) as {
    requests_statistics: Record<string, unknown>[];
  };
  expect(rows.at(-1)).toMatchObject({ name: "Aggregated", "response_time_percentile_0.95": 142 });
});

it.each([
  [["trivy", "image", "--format", "json", "sustainable-credit-risk-ai:v1.1.9"], 0, ["MEDIUM", "LOW"]],
  [
    ["trivy", "image", "--format", "json", "--severity", "CRITICAL", "--exit-code", "1", "app:v2-vuln"],
    1,
    ["CRITICAL"],
  ],
  [["trivy", "image", "--format", "json", "--severity", "CRITICAL", "--exit-code", "1", "app:v2"], 0, []],
])("ends %j with code %i", async (command, exitCode, severities) => {
  const world = startWorld();
  run(world, command);
  const pod = await ended(world);
  expect(pod.status?.containerStatuses?.[0]?.state["terminated"]).toMatchObject({ exitCode });
  const report = JSON.parse((await logOf(pod)).at(-1)!) as {
    ArtifactName: string;
    Results: { Vulnerabilities: { Severity: string }[] }[];
  };
  expect(report.ArtifactName).toBe(command.at(-1));
  expect(report.Results[0]?.Vulnerabilities.map(({ Severity }) => Severity)).toEqual(severities);
});

it.each([
  [["sh", "-c", "echo hello; exit 3"], 3],
  [["false"], 1],
  [["sleep", "1"], 0],
  [["python", "scripts/smoke_tests.py", "--url", "https://api.example.com"], 0],
  [["pytest", "tests/integration/"], 0],
])("gives %j the exit code %i", (command, exitCode) => {
  expect(programOf(container(...command)).exitCode).toBe(exitCode);
});

it("says in the log which check failed", async () => {
  const world = startWorld();
  world.create("deployments", "api", {
    selector: { matchLabels: { app: "api" } },
    template: {
      metadata: { labels: { app: "api" } },
      spec: { containers: [{ name: "api", image: "credit-risk-ai:v2-errors" }] },
    },
  });
  await eventually(() => expect(world.deployment("api").status?.readyReplicas).toBe(1));
  run(world, ["python", "scripts/smoke_tests.py"]);
  const pod = await eventually(() => {
    const found = world.pods().find(({ status }) => status?.phase === "Failed");
    expect(found).toBeDefined();
    return found!;
  });
  expect(await logOf(pod)).toContain("1 failed, 3 passed");
});

it("logs several errors of a bad release, each again and again with other numbers", async () => {
  const world = startWorld();
  world.create("deployments", "web", workload("credit-risk-ai:v2-errors", { replicas: 1 }));
  await eventually(() => expect(world.deployment("web").status?.readyReplicas).toBe(1));
  const later = () => new Date(Date.now() + 120_000);

  const lines = await logOf(world.pods()[0]!, {}, later);

  const errors = lines
    .filter((line) => line.includes('"error"'))
    .map((line) => (JSON.parse(line) as { message: string }).message);
  const kinds = new Set(errors.map((error) => /\d+ms (\S+):/.exec(error)?.[1]));
  expect([...kinds].toSorted((a = "", b = "") => a.localeCompare(b))).toEqual([
    "KeyError",
    "psycopg2.OperationalError",
    "sqlalchemy.exc.TimeoutError",
  ]);
  expect(errors.length).toBeGreaterThan(20);
});

it("gives the last lines, those since a moment, with their times, and those of the life before", async () => {
  const world = startWorld();
  world.create("deployments", "web", workload("credit-risk-ai:v2-crash", { replicas: 1 }));
  await eventually(() =>
    expect(world.pods()[0]?.status?.containerStatuses?.[0]?.lastState["terminated"]).toBeDefined(),
  );
  const pod = world.pods()[0]!;
  const previous = await logOf(pod, { previous: true });
  expect(previous.at(-1)).toMatch(/calibration table; exiting with code 1/);
  expect(await logOf(pod, { previous: true, tailLines: 1 })).toEqual(previous.slice(-1));
  expect((await logOf(pod, { previous: true, timestamps: true }))[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z \{/);
  expect(await logOf(pod, { previous: true, since: new Date(Date.now() + 60_000) })).toEqual([]);
});

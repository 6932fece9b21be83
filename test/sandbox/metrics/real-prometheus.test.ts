import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { practiceApps } from "../../../sandbox/apps/practice-apps.ts";
import { freePort } from "../../../sandbox/free-port.ts";
import { kubeReader } from "../../../sandbox/metrics/kube-reader.ts";
import { createMetrics } from "../../../sandbox/metrics/metrics.ts";
import { listen } from "../../../sandbox/one-port.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import { program, runProgram } from "../../support/program.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const prometheus = program("prometheus");
const closers: (() => Promise<unknown> | void)[] = [];
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

const labels = 'app="api",namespace="credit-risk-ai"';
/** Queries with how far the two may lie apart: they sample at different moments. */
const questions: [query: string, tolerance: number][] = [
  [`sum(rate(http_requests_total{${labels}}[10s]))`, 25],
  [
    `sum(rate(http_requests_total{${labels},code=~"5.."}[10s])) / sum(rate(http_requests_total{${labels}}[10s]))`,
    0.005,
  ],
  [
    `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{${labels}}[10s])))`,
    0.03,
  ],
  [`kube_deployment_status_replicas_available{${labels}} > 2`, 0],
  ["count(kube_deployment_spec_replicas)", 0],
  ['count(http_requests_total{app!~"a.*"} >= bool 0)', 0],
];

describe.skipIf(prometheus === undefined)(
  "beside a real Prometheus that scrapes us (skipped: no prometheus)",
  () => {
    it("answers our queries with the same figures, and the same refusals", async () => {
      const ours = await startOurs();
      const theirs = await startTheirs(ours.port);
      const ask = async (base: string, query: string) => {
        const response = await fetch(`${base}/api/v1/query`, {
          method: "POST",
          body: new URLSearchParams({ query }),
        });
        return {
          code: response.status,
          body: (await response.json()) as {
            errorType?: string;
            data?: { result: { value: [number, string] }[] };
          },
        };
      };
      const number = async (base: string, query: string) =>
        Number((await ask(base, query)).body.data?.result[0]?.value[1]);

      await vi.waitFor(async () => expect(await number(theirs, questions[0]![0])).toBeGreaterThan(100), {
        timeout: 40_000,
        interval: 500,
      });
      const apart: string[] = [];
      for (const [query, tolerance] of questions) {
        const [mine, real] = [await number(ours.prom, query), await number(theirs, query)];
        if (!(Math.abs(mine - real) <= tolerance)) apart.push(`${query}: ours ${mine}, Prometheus' ${real}`);
      }
      expect(apart).toEqual([]);
      for (const query of [
        "sum(",
        "rate(http_requests_total)",
        "1 > 2",
        "{}",
        'up{app=~"("}',
        "nosuch(up)",
        "up[10]",
      ]) {
        const [mine, real] = [await ask(ours.prom, query), await ask(theirs, query)];
        expect([query, mine.code, mine.body.errorType]).toEqual([query, real.code, real.body.errorType]);
      }
    });
  },
);

async function startOurs() {
  const cluster = await startPracticeCluster();
  const web = await listen(0);
  const metrics = createMetrics({
    read: kubeReader({ server: cluster.url }),
    apps: practiceApps,
    interval: 500,
  });
  web.mount("/prom", metrics);
  closers.push(
    () => cluster.close(),
    () => web.close(),
  );
  await metrics.tick();
  return { prom: `${web.origin}/prom`, port: new URL(web.origin).port };
}

async function startTheirs(port: string): Promise<string> {
  const folder = temporaryFolder();
  const listenOn = `127.0.0.1:${await freePort()}`;
  mkdirSync(join(folder, "data"));
  writeFileSync(
    join(folder, "prometheus.yml"),
    `global: {scrape_interval: 500ms}
scrape_configs:
  - job_name: practice
    honor_labels: true
    metrics_path: /prom/metrics
    static_configs: [{targets: ["localhost:${port}"]}]
`,
  );
  const running = runProgram(
    prometheus!,
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${listenOn}`,
    ],
    join(folder, "prometheus.log"),
  );
  closers.push(() => running.stop());
  return `http://${listenOn}`;
}

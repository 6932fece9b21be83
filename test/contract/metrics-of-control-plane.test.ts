import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { practiceApps } from "../../sandbox/apps/practice-apps.ts";
import { accessOf, kubeReader } from "../../sandbox/metrics/kube-reader.ts";
import { createMetrics, type Metrics } from "../../sandbox/metrics/metrics.ts";
import { createReleases } from "../../sandbox/panel/releases.ts";
import { cluster as seed } from "../../sandbox/seed.ts";
import { controlPlane, program } from "../support/program.ts";
import { type RunningTarget, startControlPlane } from "./kubectl/real.ts";

const assets = controlPlane();
const kubectl = program("kubectl");

const api = practiceApps[0]!;
const soon = { timeout: 30_000, interval: 200 };
const errorRate = `sum(rate(http_requests_total{app="api",code=~"5.."}[2s])) / sum(rate(http_requests_total{app="api"}[2s]))`;

describe.skipIf(assets === undefined || kubectl === undefined)(
  "metrics of a real control plane (skipped: no control plane)",
  () => {
    let target: RunningTarget;
    let metrics: Metrics;
    let releases: ReturnType<typeof createReleases>;

    beforeAll(async () => {
      target = await startControlPlane(assets!);
      const run = promisify(execFile);
      const kubectlRun = (...args: string[]) =>
        run(kubectl!, [...target.flags, ...args], { env: { ...process.env, ...target.env } });
      await kubectlRun("create", "namespace", seed.namespace);
      await kubectlRun(
        "create",
        "deployment",
        "api-deployment",
        `--image=${seed.image}:${seed.goodTag}`,
        "--replicas=2",
        "-n",
        seed.namespace,
      );
      const access = accessOf(target.env["KUBECONFIG"]!);
      // kubectl names the container after the image.
      const apps = [{ ...api, container: seed.image }];
      metrics = createMetrics({ read: kubeReader(access), apps, interval: 200 });
      releases = createReleases(access, metrics);
    });
    afterAll(async () => {
      await metrics?.close();
      await target?.close();
    });

    it("follow its pods through a bad release", async () => {
      await vi.waitFor(
        () => expect(metrics.health("api")).toMatchObject({ tag: "v1.1.9", desired: 2, ready: 2, errors: 0 }),
        soon,
      );
      await vi.waitFor(() => expect(metrics.query(errorRate)[0]?.value).toBeLessThan(0.01), soon);

      const tag = await releases.ship({ ...api, container: seed.image }, "errors");

      await vi.waitFor(() => expect(metrics.health("api")).toMatchObject({ tag, ready: 2, errors: 1 }), soon);
      await vi.waitFor(() => expect(metrics.query(errorRate)[0]?.value).toBeGreaterThan(0.05), soon);
      expect(tag).toBe("v1.2.0-errors");
    });
  },
);

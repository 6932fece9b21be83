import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { cluster } from "../sandbox/seed.ts";
import { startSandbox } from "../sandbox/start-sandbox.ts";
import { freePort } from "../sandbox/free-port.ts";
import { startEmbeddedPostgres } from "../src/store/embedded/start.ts";
import { startControlPlane } from "../test/contract/kubectl/real.ts";
import { startProcess, type TestProcess } from "../test/support/processes.ts";
import { craiKubeconfig, seedControlPlane } from "../test/support/seeded-plane.ts";

const run = promisify(execFile);

/** A control plane with the runbook's api in it, in place of the practice cluster. */
async function startPlane(assets: string) {
  const target = await startControlPlane(assets);
  await seedControlPlane(target);
  return { target, kubeconfig: target.env["KUBECONFIG"]!, craiKubeconfig: await craiKubeconfig(target) };
}

/**
 * The outside world, a PostgreSQL with real fsync, and crai started by hand so that it can be measured. `assets`: folder
 * of a control plane's programs, on which everything then happens.
 */
export async function startWorld({ assets }: { assets?: string } = {}) {
  const plane = assets === undefined ? undefined : await startPlane(assets);
  const folder = mkdtempSync(join(tmpdir(), "crai-bench-"));
  const sandbox = await startSandbox({
    port: 0,
    dataDir: join(folder, "sandbox"),
    crai: false,
    timing: { pace: { settle: "100ms", window: "200ms" }, pods: {} },
    ...(plane && { kubeconfig: plane.kubeconfig, env: { KUBECONFIG: plane.craiKubeconfig } }),
  });
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "postgres") });
  const processes: TestProcess[] = [];

  return {
    folder,
    sandbox,
    databaseUrl: postgres.url,
    onPlane: plane !== undefined,
    /** As the cluster's administrator, in the apps' namespace. */
    async kubectl(...args: string[]): Promise<void> {
      const { flags, env } = plane?.target ?? {
        flags: ["--server", `${sandbox.url}/k8s`, "--kubeconfig", "/dev/null"],
        env: {},
      };
      await run("kubectl", [...flags, "-n", cluster.namespace, ...args], { env: { ...process.env, ...env } });
    },
    /** Starts crai and waits until it is ready. `http`: Slack by signed HTTP instead of Socket Mode. */
    async crai({ http = false, env = {} }: { http?: boolean; env?: Record<string, string> } = {}) {
      const port = await freePort();
      const { SLACK_APP_TOKEN: socket, ...rest } = sandbox.craiEnv;
      const settings = {
        ...rest,
        ...(http ? {} : { SLACK_APP_TOKEN: socket ?? "" }),
        PORT: String(port),
        DATABASE_URL: postgres.url,
        LOG_LEVEL: "warn",
        // As `npm start` runs it.
        NODE_OPTIONS: "--max-semi-space-size=4",
        ...env,
      };
      const started = startProcess(new URL("../src/main.ts", import.meta.url), { env: settings });
      processes.push(started);
      await ready(`http://127.0.0.1:${port}/readyz`);
      return { process: started, url: `http://127.0.0.1:${port}` };
    },
    async floor(name: string, env: Record<string, string> = {}) {
      const started = startProcess(new URL(`floors/${name}.ts`, import.meta.url), {
        env: { DATABASE_URL: postgres.url, ...env },
      });
      processes.push(started);
      return started;
    },
    async close(): Promise<void> {
      for (const one of processes) await one.kill();
      await postgres.stop();
      await sandbox.close();
      await plane?.target.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Asks until it is answered with 200. */
async function ready(url: string): Promise<void> {
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${url} was not ready within a minute`);
}

/** Resident memory of one process in MB. */
export function residentMemory(pid: number): number {
  const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(pages) / 1024;
}

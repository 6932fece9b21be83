import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSandbox } from "../sandbox/start-sandbox.ts";
import { freePort } from "../sandbox/free-port.ts";
import { startEmbeddedPostgres } from "../src/store/embedded/start.ts";
import { startProcess, type TestProcess } from "../test/support/processes.ts";

/** The outside world, a PostgreSQL with real fsync, and crai started by hand so that it can be measured. */
export async function startWorld() {
  const folder = mkdtempSync(join(tmpdir(), "crai-bench-"));
  const sandbox = await startSandbox({
    port: 0,
    dataDir: join(folder, "sandbox"),
    crai: false,
    timing: { pace: { settle: "100ms", window: "200ms" }, pods: {} },
  });
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, "postgres") });
  const processes: TestProcess[] = [];

  return {
    folder,
    sandbox,
    databaseUrl: postgres.url,
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
      const process = startProcess(new URL("../src/main.ts", import.meta.url), { env: settings });
      processes.push(process);
      await ready(`http://127.0.0.1:${port}/readyz`);
      return { process, url: `http://127.0.0.1:${port}` };
    },
    async floor(name: string, env: Record<string, string> = {}) {
      const process = startProcess(new URL(`floors/${name}.ts`, import.meta.url), {
        env: { DATABASE_URL: postgres.url, ...env },
      });
      processes.push(process);
      return process;
    },
    async close(): Promise<void> {
      for (const process of processes) await process.kill();
      await postgres.stop();
      await sandbox.close();
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

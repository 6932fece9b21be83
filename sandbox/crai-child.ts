import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CraiStatus } from "./panel/panel-api.ts";

export interface CraiOptions {
  /** The project's folder: crai is its src/main.ts. */
  project: string;
  /** Standard output and error of crai are appended here. */
  logFile: string;
  env: Record<string, string>;
  /** Where crai's own HTTP listens. */
  url: string;
  /** Milliseconds before a restart after a death; doubled for each death in a row before being ready, up to 10 s. */
  restartAfter?: number;
}

/** Exit status of a crai that misses configuration: starting it again would not help. */
const misconfigured = 2;
const longestWait = 10_000;

export type CraiChild = ReturnType<typeof createCraiChild>;

/** crai as a child process that is started again whenever it dies, except when it was told to stop. */
export function createCraiChild(options: CraiOptions) {
  const program = join(options.project, "src", "main.ts");
  const listeners = new Set<(status: CraiStatus) => void>();
  let child: ChildProcess | null = null;
  let status: CraiStatus = {
    state: "absent",
    pid: null,
    restarts: 0,
    since: now(),
    reason: "It was not started.",
  };
  let wanted = false;
  let waiting = new AbortController();
  let deathsBeforeReady = 0;
  let starts = 0;

  function set(change: Pick<CraiStatus, "state"> & Partial<CraiStatus>): void {
    status = { ...status, reason: null, pid: child?.pid ?? null, since: now(), ...change };
    for (const listener of listeners) listener(status);
  }

  function spawnChild(): void {
    if (!existsSync(program)) {
      wanted = false;
      set({ state: "absent", reason: "There is no src/main.ts in this checkout." });
      return;
    }
    const log = openSync(options.logFile, "a");
    const logged = statSync(options.logFile).size;
    // Detached: Ctrl-C in the terminal is for the sandbox, which then ends crai in order.
    const started = spawn(
      process.execPath,
      // The heap as `npm start` limits it: loading the sources would otherwise leave it twice as large as crai needs.
      [
        "--max-semi-space-size=4",
        "--import",
        new URL("./exit-with-parent.ts", import.meta.url).href,
        program,
      ],
      { cwd: options.project, env: options.env, stdio: ["pipe", log, log], detached: true },
    );
    closeSync(log);
    child = started;
    set({ state: "starting", restarts: starts++ });
    started.once("error", (error) => console.error("crai could not be started:", error));
    started.once("exit", (code, signal) =>
      ended(started, howEnded(code, signal), lastWords(options.logFile, logged)),
    );
    void watchReadiness(started);
  }

  async function watchReadiness(started: ChildProcess): Promise<void> {
    const ready = await isReady(options.url);
    if (child !== started) return;
    if (!ready) {
      await delay(50);
      return watchReadiness(started);
    }
    deathsBeforeReady = 0;
    set({ state: "ready" });
  }

  function ended(dead: ChildProcess, how: string, words: string): void {
    if (child !== dead) return;
    child = null;
    if (!wanted) {
      set({ state: "stopped", reason: `${how}.` });
      return;
    }
    if (dead.exitCode === misconfigured) {
      wanted = false;
      set({
        state: "stopped",
        reason: `${how}: something is missing in its configuration${words}; see ${options.logFile}.`,
      });
      return;
    }
    const wait = Math.min((options.restartAfter ?? 500) * 2 ** deathsBeforeReady, longestWait);
    deathsBeforeReady += 1;
    set({ state: "waiting-to-restart", reason: `${how}${words}; it is started again after ${wait} ms.` });
    void restartAfter(wait);
  }

  async function restartAfter(ms: number): Promise<void> {
    waiting = new AbortController();
    await delay(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
    if (wanted && child === null) spawnChild();
  }

  function gone(): Promise<void> {
    if (!child) return Promise.resolve();
    const leaving = child;
    return new Promise((resolve) => leaving.once("exit", () => resolve()));
  }

  return {
    url: options.url,
    status: () => status,
    onChange(listener: (status: CraiStatus) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    /** Nothing happens while it runs. */
    start(): void {
      if (child) return;
      wanted = true;
      waiting.abort();
      spawnChild();
    },

    /** SIGKILL: it comes back by itself, unless `stayDown`. Resolves when it is dead. */
    async kill({ stayDown = false } = {}): Promise<void> {
      if (stayDown) wanted = false;
      waiting.abort();
      const dead = gone();
      child?.kill("SIGKILL");
      await dead;
    },

    /** SIGTERM, and SIGKILL when it takes longer than `patience` ms: longer than crai's own. It stays down. */
    async stop(patience = 25_000): Promise<void> {
      wanted = false;
      waiting.abort();
      const dead = gone();
      const leaving = child;
      leaving?.kill("SIGTERM");
      const timer = setTimeout(() => leaving?.kill("SIGKILL"), patience);
      await dead;
      clearTimeout(timer);
    },

    /** @throws when it is absent, misconfigured, or not ready within `ms`. */
    async ready(ms = 60_000): Promise<void> {
      const deadline = Date.now() + ms;
      while (status.state !== "ready") {
        if (status.state === "absent" || status.state === "stopped")
          throw new Error(`crai does not run. ${status.reason}`);
        if (Date.now() > deadline)
          throw new Error(
            `crai is not ready after ${ms} ms (${status.state}${status.reason === null ? "" : `: ${status.reason}`}); see ${options.logFile}.`,
          );
        await delay(20);
      }
    },
  };
}

function howEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `It ended with status ${code}` : `It was ended by ${signal}`;
}

/** Characters of what a dead crai said that are told. */
const mostTold = 1000;

/** ` (what it said last)`: its last error, or what it wrote beside its log; nothing: it said nothing of use. */
function lastWords(logFile: string, from: number): string {
  const lines = readFileSync(logFile).subarray(from).toString().split("\n").filter(Boolean);
  const error = lines.findLast((line) => /^\{"level":[56]0,/.test(line));
  const plain = lines.filter((line) => !line.startsWith("{")).slice(-5);
  const said = plain.length > 0 ? plain.join(" ") : error === undefined ? "" : errorText(error);
  return said === "" ? "" : ` (${said.slice(-mostTold)})`;
}

function errorText(line: string): string {
  const { msg = "", err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
  return [msg, err?.message].filter(Boolean).join(": ");
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Not listening yet, or just gone: asked again soon.
    return false;
  }
}

function now(): string {
  return new Date().toISOString();
}

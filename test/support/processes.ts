import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { forgetProcess, guardProcess } from "./guard.ts";

export interface TestProcess {
  pid: number;
  /** Everything it has written to standard output and standard error. */
  output(): string;
  /** Resolves at the first match in the output, old or new; rejects with the output when it ends or time is up. */
  waitFor(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal to the process alone. */
  signal(name: NodeJS.Signals): void;
  /** kill -9 to the process and its children, and waits until it is gone. */
  kill(): Promise<void>;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ProcessOptions {
  args?: string[];
  /** The only variables it gets besides PATH: a developer's own settings stay out of tests. */
  env?: Record<string, string>;
  cwd?: string;
  uid?: number;
  /** The Node to run it with, where the account cannot reach ours. */
  node?: string;
}

/**
 * Runs one of our scripts in a Node of its own. It does not outlive the test file, whatever happens to that.
 *
 * @param script path, or `new URL("beside-the-test.ts", import.meta.url)`
 */
export function startProcess(script: string | URL, options: ProcessOptions = {}): TestProcess {
  const { args = [], env = {}, cwd, uid, node = process.execPath } = options;
  const child = spawn(node, [typeof script === "string" ? script : fileURLToPath(script), ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Starting ${String(script)}`);
  guardProcess(pid);

  let output = "";
  const waiting = new Set<() => void>();
  function look(): void {
    for (const check of waiting) check();
  }
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      look();
    });
  let ended = false;
  // "close" comes after the last output.
  const exited = once(child, "close").then(([code, signal]) => {
    ended = true;
    forgetProcess(pid);
    look();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });

  function waitFor(pattern: RegExp, withinMs = 20_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail("in time"), withinMs);
      function done(): void {
        clearTimeout(timer);
        waiting.delete(check);
      }
      function fail(when: string): void {
        done();
        reject(new Error(`${String(script)} did not say ${pattern} ${when}. It said:\n${output}`));
      }
      function check(): void {
        const match = pattern.exec(output);
        if (match) {
          done();
          resolve(match);
        } else if (ended) fail("before it ended");
      }
      waiting.add(check);
      check();
    });
  }

  async function kill(): Promise<void> {
    if (!ended) killGroup(pid!);
    await exited;
  }

  return {
    pid,
    output: () => output,
    waitFor,
    signal: (name) => void child.kill(name),
    kill,
    exited,
    [Symbol.asyncDispose]: kill,
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended, and its "close" event is still to come.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

import { spawn } from "node:child_process";
import { accessSync, closeSync, constants, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { guardProcess } from "./guard.ts";

/** Programs we looked for in vain; said once each. */
const missed = new Set<string>();

/**
 * Where a program of the PATH is; undefined, said as "skipped: no X", when it is nowhere. `npm run test:all` fails
 * instead.
 */
export function program(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (isExecutable(path)) return path;
  }
  if (process.env["CRAI_TEST_ALL"] === "1") throw new Error(`There is no ${name} in the PATH.`);
  if (!missed.has(name)) console.log(`skipped: no ${name}`);
  missed.add(name);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a program until it is stopped; it does not outlive the test file. Its output goes to `logFile`. */
export function runProgram(path: string, args: string[], logFile: string): { stop(): Promise<void> } {
  const log = openSync(logFile, "a");
  const child = spawn(path, args, { stdio: ["ignore", log, log], detached: true });
  closeSync(log);
  const ended = new Promise<void>((resolve, reject) => {
    child.once("exit", () => resolve());
    child.once("error", reject);
  });
  if (child.pid !== undefined) guardProcess(child.pid);
  return {
    stop() {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

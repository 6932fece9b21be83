import { spawn } from "node:child_process";
import { accessSync, closeSync, constants, globSync, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { guardProcess } from "./guard.ts";

/** What we looked for in vain; said once each. */
const missed = new Set<string>();

/** kube-lab, which starts a control plane: beside the repository where it is at all. */
export const lab = join(import.meta.dirname, "../../../shared/kube-lab");

function absent(what: string, why: string): undefined {
  if (process.env["CRAI_TEST_ALL"] === "1") throw new Error(`There is no ${what}: ${why}.`);
  if (!missed.has(what)) console.log(`skipped: no ${what}`);
  missed.add(what);
  return undefined;
}

/**
 * Where a program of the PATH is; undefined, said as "skipped: no X", when it is nowhere. `npm run test:all` fails
 * instead.
 */
export function program(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (isExecutable(path)) return path;
  }
  return absent(name, "it is not in the PATH");
}

/**
 * The folder of a PostgreSQL of this machine with server and pg_dump of one version; undefined, said as "skipped: no
 * pg_dump", where there is none. Debian puts them outside the PATH.
 */
export function postgresTools(): string | undefined {
  const folders = globSync("/usr/lib/postgresql/*/bin").toSorted().reverse();
  const found = folders.find((folder) =>
    ["postgres", "initdb", "psql", "pg_dump", "pg_restore"].every((name) => isExecutable(join(folder, name))),
  );
  return found ?? absent("pg_dump", "no /usr/lib/postgresql has it beside a server");
}

/** The folder of a control plane's programs; undefined, said as "skipped: no control plane", where one cannot be started. */
export function controlPlane(): string | undefined {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets === undefined) return absent("control plane", "KUBEBUILDER_ASSETS names no folder");
  if (!isExecutable(join(lab, "up.sh"))) return absent("control plane", `${lab} does not start one`);
  return assets;
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

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { guardProcess, forgetProcess } from "../../support/guard.ts";

/** Where kubectl goes: its flags and environment for one API server. */
export interface KubectlTarget {
  flags: string[];
  env: Record<string, string>;
}

export interface Ran {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Runs the real kubectl to its end; a run that takes longer than `timeoutMs` counts as a defect and throws. */
export function kubectl(
  target: KubectlTarget,
  args: string[],
  { input, timeoutMs = 60_000 }: { input?: string; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const options = {
      env: { PATH: process.env["PATH"], ...target.env },
      timeout: timeoutMs,
      maxBuffer: 32 * 2 ** 20,
    };
    const child = execFile("kubectl", [...target.flags, ...args], options, (error, stdout, stderr) => {
      if (error && (error.killed || typeof error.code !== "number")) {
        reject(
          new Error(`kubectl ${args.join(" ")} did not end by itself. It said:\n${stdout}${stderr}`, {
            cause: error,
          }),
        );
        return;
      }
      resolve({ stdout, stderr, exitCode: error ? Number(error.code) : 0 });
    });
    child.stdin?.end(input ?? "");
  });
}

/** Runs a kubectl that does not end by itself, such as `get -w`, until its output matches; then interrupts it. */
export async function kubectlUntil(
  target: KubectlTarget,
  args: string[],
  { during, until, timeoutMs = 30_000 }: { during: () => Promise<void>; until: RegExp; timeoutMs?: number },
): Promise<Ran> {
  const child = spawn("kubectl", [...target.flags, ...args], {
    env: { PATH: process.env["PATH"], ...target.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  guardProcess(child.pid!);
  let stdout = "";
  let stderr = "";
  const begun = once(child.stdout, "data");
  const matched = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(new Error(`kubectl ${args.join(" ")} did not print ${until}. It said:\n${stdout}${stderr}`)),
      timeoutMs,
    );
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (until.test(stdout)) {
        clearTimeout(timer);
        resolve();
      }
    });
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = once(child, "close");
  try {
    await Promise.race([begun, matched]);
    await during();
    await matched;
  } finally {
    child.kill("SIGINT");
    await exited;
    forgetProcess(child.pid!);
  }
  return { stdout, stderr, exitCode: 0 };
}

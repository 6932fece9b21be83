import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UserError } from "../domain/errors.ts";

const Result = z.object({ playbook: z.string(), test: z.string(), problems: z.array(z.string()) });
/** One of a playbook's own tests, as it went; no problems: all is as it expects. */
export type OwnTest = z.infer<typeof Result>;

/** The practice cluster is beside crai in a checkout, and no part of what is installed to serve. */
const script = fileURLToPath(new URL("../../sandbox/check-playbooks.ts", import.meta.url));

export function canTestPlaybooks(): boolean {
  return existsSync(script);
}

/**
 * Carries out the `tests:` of the playbooks in force, or of one of them, each in a practice organization of its own.
 * Throws a UserError when they could not all be carried out.
 */
export async function testPlaybooks(
  only: string | undefined,
  done: (result: OwnTest) => void,
): Promise<OwnTest[]> {
  const child = spawn(process.execPath, [script, "--json", ...(only === undefined ? [] : [only])], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const results: OwnTest[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const result = Result.parse(JSON.parse(line));
    results.push(result);
    done(result);
  }
  const code = await exited;
  const failed = results.some(({ problems }) => problems.length > 0);
  if (code === 0 || (code === 1 && failed)) return results;
  throw new UserError("The playbooks' own tests could not all be carried out.", {
    why: `The practice cluster ended with ${code === null ? "a signal" : `exit code ${code}`}; what it said is above.`,
    next: "`npm ci` installs what it needs; `crai check --files` leaves these tests out.",
  });
}

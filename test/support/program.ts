import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

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

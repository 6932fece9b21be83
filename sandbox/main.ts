import { FolderInUse } from "./folder-lock.ts";
import { PortInUse } from "./one-port.ts";
import { seedManyPods } from "./cluster/seed/many-pods.ts";
import { cluster } from "./seed.ts";
import { startSandbox } from "./start-sandbox.ts";

/**
 * `npm run sandbox`: everything outside crai on one port, and crai as its child. CRAI_SANDBOX_PODS: so many finished
 * pods more in the namespace of the system.
 */
async function main(): Promise<void> {
  const port = wholeNumber("PORT", { most: 65_535, otherwise: 3000 });
  const dataDir = process.env["CRAI_SANDBOX_DIR"] ?? ".crai-sandbox";
  const morePods = wholeNumber("CRAI_SANDBOX_PODS", { most: 20_000, otherwise: 0 });
  const sandbox = await startSandbox({ port, dataDir, crai: true, page: true });
  seedManyPods(sandbox.cluster.store, cluster.namespace, morePods, new Date());

  let stopping = false;
  function stop(): void {
    if (stopping) process.exit(130);
    stopping = true;
    console.log("\nStopping; once more Ctrl-C ends it at once.");
    void sandbox.close();
  }
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);

  try {
    await sandbox.crai.ready();
    console.log(`Sandbox ready: ${sandbox.url}`);
  } catch (error) {
    if (stopping) return;
    console.error(`${(error as Error).message}\nThe sandbox itself is up without crai: ${sandbox.url}`);
  }
}

function wholeNumber(name: string, { most, otherwise }: { most: number; otherwise: number }): number {
  const text = process.env[name];
  const number = Number(text ?? otherwise);
  if (Number.isInteger(number) && number >= 0 && number <= most) return number;
  throw new Unusable(
    `${name} is "${text}". Give a number from 0 to ${most}, or leave it out for ${otherwise}.`,
  );
}

class Unusable extends Error {}

/** What a person can do something about is said in one line; anything else is a defect and shown whole. */
function explain(error: unknown): string | null {
  if (error instanceof PortInUse) {
    return `${error.message} Is a sandbox already running? Else choose another: PORT=3001 npm run sandbox`;
  }
  if (error instanceof FolderInUse) {
    return `${error.message} Use that one, or another folder: CRAI_SANDBOX_DIR=.crai-sandbox-2 PORT=3001 npm run sandbox`;
  }
  if (error instanceof Unusable) return error.message;
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code && ["EACCES", "EROFS", "EPERM", "ENOTDIR", "ENOSPC", "EEXIST"].includes(code)) {
    return `The sandbox cannot write its data (${message.split(",")[0]}: ${path ?? "?"}). Choose a folder with CRAI_SANDBOX_DIR.`;
  }
  return null;
}

try {
  await main();
} catch (error) {
  console.error(explain(error) ?? error);
  process.exitCode = 1;
}

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

  let stoppingSince: number | undefined;
  function stop(signal: NodeJS.Signals): void {
    if (stoppingSince === undefined) {
      stoppingSince = performance.now();
      console.log("\nStopping; once more Ctrl-C ends it at once.");
      void sandbox.close();
      return;
    }
    // npm passes on what the terminal sends to both: that is one Ctrl-C.
    if (signal === "SIGHUP" || performance.now() - stoppingSince < ONE_PRESS) return;
    sandbox.abandon();
    process.exit(130);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  // A terminal that is gone takes no more words.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

  let before = sandbox.crai.status().state;
  sandbox.crai.onChange(({ state, reason }) => {
    if (before === "starting" && state === "waiting-to-restart")
      console.error(`crai died while it started. ${reason}`);
    before = state;
  });

  try {
    await sandbox.crai.ready();
    console.log(`Sandbox ready: ${sandbox.url}`);
  } catch (error) {
    if (stoppingSince !== undefined) return;
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

/** ms in which two signals are one. */
const ONE_PRESS = 1000;

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

import { FolderInUse } from "./folder-lock.ts";
import { PortInUse } from "./one-port.ts";
import { startSandbox } from "./start-sandbox.ts";

/** `npm run sandbox`: everything outside crai on one port, and crai as its child. */
async function main(): Promise<void> {
  const port = portFrom(process.env["PORT"]);
  const dataDir = process.env["CRAI_SANDBOX_DIR"] ?? ".crai-sandbox";
  const sandbox = await startSandbox({ port, dataDir, crai: true, page: true });

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

function portFrom(text: string | undefined): number {
  const port = Number(text ?? 3000);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Unusable(`PORT is "${text}". Give a number from 0 to 65535, or leave it out for 3000.`);
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

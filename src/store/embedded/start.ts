import { closeSync, existsSync, globSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { UserError } from "../../domain/errors.ts";
import { chooseAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { createCluster, handOver, majorOf, ownerOf } from "./cluster.ts";
import { addressOf, ask, isUsed } from "./connection.ts";
import { admit, type Folder, lockFolder, openFolder } from "./folder.ts";
import { installedPackage } from "./package.ts";
import { clusterName, isPostmaster, readPidFile } from "./postmaster.ts";
import { startServer } from "./server.ts";
import { removeSocketDir } from "./socket.ts";

export interface EmbeddedOptions {
  /** crai's data folder; made when absent. */
  dataDir: string;
  /** Account for the server when crai is root. Default: the data's owner, else postgres, else nobody. */
  runAs?: string;
  log?: Pick<Logger, "info" | "warn">;
  /** Folders with programs, as in PATH: a PostgreSQL of the system, sh, flock. Default: the usual ones. */
  searchPath?: string;
  /** Folder of the npm package with PostgreSQL; null: do without. Default: the installed one. */
  package?: string | null;
}

export interface EmbeddedPostgres {
  url: string;
  /** The server ran already: another crai uses it, or one that was killed left it behind. */
  adopted: boolean;
  pid: number;
  /** Ends the server, also an adopted one; transactions under way are rolled back. */
  stop(): Promise<void>;
  /** Ends the server unless somebody else is connected: for a command that may run beside `crai serve`. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** After a crash PostgreSQL replays about max_wal_size (256 MB), which takes seconds. */
const startWithinMs = 60_000;
const stopWithinMs = 30_000;

/**
 * A PostgreSQL of crai's own on a data folder: starts it, or takes over the one that runs there. At most one server
 * runs on a folder, however many ask. May be called again when the server has died: the address stays the same.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const folder = openFolder(options.dataDir);
  const deadline = performance.now() + startWithinMs;
  while (performance.now() < deadline) {
    const running = await findRunning(folder);
    if (running !== undefined) {
      options.log?.info({ postgres: running.pid }, "embedded PostgreSQL taken over");
      return handle(folder, running, { adopted: true });
    }
    const started = await tryToStart(folder, options, deadline);
    if (started !== undefined) {
      options.log?.info({ postgres: started.pid }, "embedded PostgreSQL started");
      return handle(folder, started, { adopted: false });
    }
    await sleep(25);
  }
  const pid = readPidFile(folder.cluster)?.pid;
  throw new UserError(`The data folder ${folder.root} is in use, and its PostgreSQL does not answer.`, {
    why:
      pid === undefined
        ? "Another crai is starting there."
        : `Process ${pid} is named in its postmaster.pid.`,
    next: "Stop the other crai or that process (in another container, perhaps), or give this crai its own data folder.",
  });
}

/** Ends the server that somebody left behind on a data folder, if there is one; starts none. */
export async function stopEmbeddedPostgres(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  const folder = openFolder(dataDir);
  const file = readPidFile(folder.cluster);
  if (file?.pid === undefined || !isPostmaster(file.pid, clusterName(folder.cluster))) return;
  await stopServer(folder, { pid: file.pid, socketDir: file.socketDir });
}

interface Running {
  pid: number;
  socketDir: string;
}

/** The server of this folder, if it is a process that we can see and it answers. */
async function findRunning({ cluster }: Folder): Promise<Running | undefined> {
  const file = readPidFile(cluster);
  if (file?.pid === undefined || !isPostmaster(file.pid, clusterName(cluster))) return undefined;
  const answer = await ask(file.socketDir);
  if (answer === "ready") return { pid: file.pid, socketDir: file.socketDir };
  // It was ready once, and its socket has been swept out of the temporary folder: nobody can reach it any more.
  if (answer === "absent" && file.status === "ready") signal(file.pid, "SIGINT");
  return undefined;
}

/** undefined: not now, somebody else is at it. */
async function tryToStart(
  folder: Folder,
  options: EmbeddedOptions,
  deadline: number,
): Promise<Running | undefined> {
  const searchPath = options.searchPath ?? usualFolders();
  const lock = lockFolder(folder.lock, searchPath);
  if (lock === undefined) return undefined;
  try {
    const account = chooseAccount(ownerOf(folder.cluster), options.runAs);
    const npm = options.package === undefined ? installedPackage() : (options.package ?? undefined);
    const sources = { package: npm, searchPath, links: folder.links };
    const binaries = findBinaries(sources, account, majorOf(folder.cluster));
    admit(folder.root, account);
    const setup = { folder, account, binaries, searchPath, lock };
    if (ownerOf(folder.cluster) === undefined) createCluster(setup);
    handOver(folder.cluster, account);
    const socketDir = await startServer(setup, deadline);
    return { socketDir, pid: readPidFile(folder.cluster)!.pid! };
  } finally {
    // The server has it now, and keeps it locked.
    closeSync(lock);
  }
}

/** Debian's and Red Hat's packages put the server outside the PATH; the newest comes first. */
function usualFolders(): string {
  const packaged = globSync(["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"]).sort().reverse();
  return ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", ...packaged].join(":");
}

function handle(
  folder: Folder,
  { pid, socketDir }: Running,
  { adopted }: { adopted: boolean },
): EmbeddedPostgres {
  let stopping: Promise<void> | undefined;
  function stop(): Promise<void> {
    return (stopping ??= stopServer(folder, { pid, socketDir }));
  }
  async function release(): Promise<void> {
    if (!(await isUsed(socketDir))) await stop();
  }
  return { url: addressOf(socketDir), adopted, pid, stop, release, [Symbol.asyncDispose]: stop };
}

async function stopServer({ cluster }: Folder, { pid, socketDir }: Running): Promise<void> {
  const name = clusterName(cluster);
  const began = performance.now();
  // PostgreSQL's "fast" shutdown first; "immediate" leaves the log to be replayed at the next start, but loses nothing.
  for (const [how, untilMs] of [
    ["SIGINT", stopWithinMs],
    ["SIGQUIT", stopWithinMs + 10_000],
  ] as const) {
    if (isPostmaster(pid, name)) signal(pid, how);
    while (isPostmaster(pid, name) && performance.now() - began < untilMs) await sleep(10);
  }
  if (isPostmaster(pid, name)) throw new Error(`PostgreSQL (process ${pid}) does not end.`);
  removeSocketDir(socketDir, cluster);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended by itself.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

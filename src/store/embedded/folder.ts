import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Account } from "./account.ts";
import { UserError } from "../../domain/errors.ts";

/** What lies where in crai's data folder. */
export interface Folder {
  root: string;
  /** PostgreSQL's data; absent until initdb has finished. */
  cluster: string;
  lock: string;
  log: string;
  /** Library links, when they cannot be made beside the libraries. */
  links: string;
}

export function openFolder(dataDir: string): Folder {
  if (!statSync(dataDir, { throwIfNoEntry: false })) {
    mkdirSync(dataDir, { recursive: true });
    chmodSync(dataDir, 0o700);
  }
  const root = realpathSync(dataDir);
  return {
    root,
    cluster: join(root, "postgres"),
    lock: join(root, "postgres.lock"),
    log: join(root, "postgres.log"),
    links: join(root, "postgres-lib"),
  };
}

/**
 * Lets the server's account walk through a folder that is root's alone. The server itself manages without, but the
 * tools of PostgreSQL 15 return to their working directory by its full path.
 */
export function admit(root: string, account: Account): void {
  if (!account.switched || (statSync(root).mode & 0o077) !== 0) return;
  chownSync(root, process.getuid!(), account.gid);
  chmodSync(root, 0o710);
}

/** BSD and macOS: take the lock while opening. Node has no name for the flag. */
const O_EXLOCK = 0x20;

/**
 * Takes the folder's lock without waiting: a file descriptor, or undefined when a server or a starting crai holds it.
 *
 * It is a kernel lock of the open file. The descriptor is handed on to initdb and to the server, so it is held as long
 * as any process of theirs lives, whatever becomes of crai, and across containers that share the volume. A lock file
 * with a process number in it can do neither: in a container the numbers come back.
 */
export function lockFolder(path: string, searchPath: string): number | undefined {
  return process.platform === "linux" ? lockByProgram(path, searchPath) : lockByFlag(path);
}

function lockByProgram(path: string, searchPath: string): number | undefined {
  const fd = openSync(path, "a", 0o600);
  const { error, status, stderr } = spawnSync("flock", ["-x", "-n", "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
    env: { PATH: searchPath },
    encoding: "utf8",
  });
  if (status === 0) return fd;
  closeSync(fd);
  if (status === 1) return undefined;
  throw new UserError(`The data folder could not be locked: ${error?.message ?? stderr.trim()}`, {
    why: "crai locks it with flock (package util-linux), so that two servers never write the same data.",
    next: "Install util-linux, or set DATABASE_URL to a PostgreSQL that already runs.",
  });
}

function lockByFlag(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
  } catch (error) {
    if (["EAGAIN", "EWOULDBLOCK"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

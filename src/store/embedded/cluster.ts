import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import {
  chownSync,
  closeSync,
  fsyncSync,
  globSync,
  lchownSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { UserError } from "../../domain/errors.ts";
import { type Account, asAccount, readAccounts } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import type { Folder } from "./folder.ts";

/** All that a program of PostgreSQL is started with. */
export interface Setup {
  folder: Folder;
  account: Account;
  binaries: Binaries;
  searchPath: string;
  /** Descriptor of the folder's lock, handed on to the program. */
  lock: number;
}

/** uid that owns the data; undefined when there is none yet. */
export function ownerOf(cluster: string): number | undefined {
  return statSync(cluster, { throwIfNoEntry: false })?.uid;
}

/** Major version of PostgreSQL that wrote the data; undefined when there is none yet. */
export function majorOf(cluster: string): number | undefined {
  if (ownerOf(cluster) === undefined) return undefined;
  return Number.parseInt(readFileSync(join(cluster, "PG_VERSION"), "utf8"), 10);
}

/** crai's own environment stays out: it holds secrets, and variables named PG… would steer the programs. */
export function programEnv(setup: Setup): Record<string, string> {
  return { PATH: setup.searchPath, LC_ALL: "C", TZ: "UTC", ...setup.binaries.env };
}

/**
 * What the programs are told as data folder; they are started in it. Another account may not be allowed to walk the
 * path to it (below /root, say), but a process can always use its working directory.
 */
export function dataArgument(cluster: string, account: Account): string {
  return account.switched && process.platform === "linux" ? "/proc/self/cwd" : cluster;
}

/** Makes the data folder. It appears under its name only when complete and on disk. */
export function createCluster(setup: Setup): void {
  const { folder, account } = setup;
  // What an initdb that was killed left behind; the lock says that none is running.
  for (const half of globSync(`${folder.cluster}.init-*`)) rmSync(half, { recursive: true });
  const half = mkdtempSync(`${folder.cluster}.init-`);
  try {
    if (account.switched) chownSync(half, account.uid, account.gid);
    const ran = initdb(setup, half);
    if (ran.status !== 0) throw initdbFailed(ran, account);
    renameSync(half, folder.cluster);
    syncFolder(folder.root);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

function initdb({ binaries, ...setup }: Setup, half: string): SpawnSyncReturns<string> {
  const program = join(binaries.bin, "initdb");
  // Trust is enough: the only way in is a socket in a folder of mode 0700, so whoever gets that far could as well read
  // the files. There is no TCP port. A password would have to lie beside the data, under the same mode.
  const trust = ["--auth-local=trust", "--auth-host=reject"];
  const args = [
    `--pgdata=${dataArgument(half, setup.account)}`,
    "--username=crai",
    ...trust,
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
  ];
  const [command, ...rest] =
    setup.account.name === undefined ? [...underAnyName(), program, ...args] : [program, ...args];
  return spawnSync(command!, rest, {
    ...asAccount(setup.account),
    cwd: half,
    env: programEnv({ binaries, ...setup }),
    stdio: ["ignore", "pipe", "pipe", setup.lock],
    encoding: "utf8",
  });
}

/**
 * initdb insists on a name for its uid (the server does not). In a user namespace where the uid is mapped to a known
 * one it gets that; the files still belong to the real uid.
 */
function underAnyName(): string[] {
  const known = readAccounts().find((account) => account.uid !== 0);
  return ["unshare", "--user", `--map-user=${known?.uid ?? 65_534}`, "--"];
}

function initdbFailed(ran: SpawnSyncReturns<string>, account: Account): UserError {
  const why = ran.error?.message ?? `${ran.stdout}${ran.stderr}`.trim().split("\n").slice(-5).join("\n");
  if (account.name !== undefined)
    return new UserError("The database could not be created.", {
      why,
      next: "Remove the cause, then start crai again; nothing was left behind.",
    });
  return new UserError(`The database could not be created, because uid ${account.uid} has no name here.`, {
    why: `PostgreSQL's initdb looks the name up in /etc/passwd, and a user namespace was not to be had: ${why}`,
    next:
      `Add a line to /etc/passwd (crai:x:${account.uid}:${account.gid}::/:/bin/false), start crai under a uid that ` +
      `has one (runAsUser: 1000 in the image), or set DATABASE_URL.`,
  });
}

/** Gives data that root has put there (a restored copy) to the account that will use it. */
export function handOver(cluster: string, account: Account): void {
  if (!account.switched || ownerOf(cluster) === account.uid) return;
  for (const name of ["", ...readdirSync(cluster, { recursive: true, encoding: "utf8" })])
    lchownSync(join(cluster, name), account.uid, account.gid);
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  fsyncSync(fd);
  closeSync(fd);
}

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../domain/errors.ts";
import { type Account, asAccount } from "./account.ts";
import { copyPackage, linkLibraries } from "./package.ts";

/** A PostgreSQL that was seen to start under the account. */
export interface Binaries {
  /** Folder with `initdb` and `postgres`. */
  bin: string;
  major: number;
  /** Where its libraries are found, when that is not where it looks by itself. */
  env: Record<string, string>;
}

export interface Sources {
  /** Folder of the npm package, if there is one. */
  package: string | undefined;
  /** Folders with programs, as in PATH. */
  searchPath: string;
  /** Where library links go when the package is read-only. */
  links: string;
}

/** PostgreSQL 15 is the oldest that DBOS and our schema are tried with. */
const oldestMajor = 15;

/**
 * The first PostgreSQL that runs here: npm's, else the system's newest.
 *
 * @param major version that wrote the existing data; no other can read it
 */
export function findBinaries(sources: Sources, account: Account, major: number | undefined): Binaries {
  const refused: string[] = [];
  for (const attempt of attempts(sources, account)) {
    const tried = attempt();
    if ("refused" in tried) refused.push(tried.refused);
    else if (major === undefined ? tried.major >= oldestMajor : tried.major === major) return tried;
    else refused.push(`${tried.bin} has PostgreSQL ${tried.major}.`);
  }
  const why = refused.join("\n") || "npm has no package for this platform, and none is installed.";
  if (major === undefined)
    throw new UserError(`No PostgreSQL (${oldestMajor} or newer) for ${process.platform} ${process.arch}.`, {
      why,
      next: "Set DATABASE_URL to a PostgreSQL that already runs, or install one (apt-get install postgresql).",
    });
  throw new UserError(`The data was written by PostgreSQL ${major}, which is not here.`, {
    why,
    next: `Install PostgreSQL ${major}, or restore a dump of the data elsewhere and set DATABASE_URL to that.`,
  });
}

type Tried = Binaries | { refused: string };

function attempts(sources: Sources, account: Account): (() => Tried)[] {
  const npm = sources.package;
  const system = sources.searchPath.split(":").filter((folder) => existsSync(join(folder, "initdb")));
  return [
    ...(npm === undefined ? [] : [() => tryPackage(npm, sources.links, account)]),
    ...system.map((bin) => () => tryOut(bin, {}, account)),
  ];
}

function tryPackage(folder: string, links: string, account: Account): Tried {
  try {
    const inPlace = tryOut(join(folder, "native/bin"), linkLibraries(folder, links), account);
    // The other account may not reach the checkout (a home folder of mode 0700).
    if ("refused" in inPlace && account.switched)
      return tryOut(join(copyPackage(folder), "native/bin"), {}, account);
    return inPlace;
  } catch (error) {
    return { refused: `The package ${folder} could not be used: ${String(error)}` };
  }
}

/** Running it answers all at once: reachable, executable, made for this C library, libraries there, and its version. */
function tryOut(bin: string, env: Record<string, string>, account: Account): Tried {
  const program = join(bin, "postgres");
  const ran = spawnSync(program, ["--version"], { ...asAccount(account), env, encoding: "utf8" });
  const major = /\(PostgreSQL\) (\d+)/.exec(ran.stdout ?? "")?.[1];
  if (major !== undefined) return { bin, env, major: Number(major) };
  const as = account.switched ? ` as ${account.name ?? account.uid}` : "";
  return { refused: `${program} did not start${as}: ${ran.error?.message ?? ran.stderr.trim()}` };
}

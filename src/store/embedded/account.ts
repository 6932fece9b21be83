import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { UserError } from "../../domain/errors.ts";

/** The operating-system account that PostgreSQL runs under; it refuses root. */
export interface Account {
  uid: number;
  gid: number;
  /** undefined: the uid has no line in the password file, as in a container started with an arbitrary uid. */
  name: string | undefined;
  /** crai is root and hands the server to this other account. */
  switched: boolean;
}

/** What a child process needs to become the account; empty when it is that account already. */
export function asAccount(account: Account): { uid?: number; gid?: number } {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}

/**
 * @param owner uid that owns the existing data, if there is any
 * @param runAs account asked for; used only by root
 */
export function chooseAccount(owner: number | undefined, runAs: string | undefined): Account {
  const uid = process.getuid!();
  if (uid === 0) return otherThanRoot(owner, runAs);
  if (owner !== undefined && owner !== uid)
    throw new UserError(`The database belongs to uid ${owner}, but crai runs as uid ${uid}.`, {
      why: "PostgreSQL starts only as the owner of its files.",
      next: `Start crai as uid ${owner}, or give the data folder to uid ${uid} (chown -R).`,
    });
  return { uid, gid: process.getgid!(), name: ownName(), switched: false };
}

function otherThanRoot(owner: number | undefined, runAs: string | undefined): Account {
  const accounts = readAccounts();
  const wanted = runAs === undefined ? ["postgres", "nobody"] : [runAs];
  const found =
    owner === undefined || owner === 0
      ? wanted.map((name) => accounts.find((account) => account.name === name)).find(Boolean)
      : (accounts.find((account) => account.uid === owner) ?? { uid: owner, gid: owner, name: undefined });
  if (!found || found.uid === 0)
    throw new UserError(`No account to run PostgreSQL under: ${wanted.join(", ")} not in /etc/passwd.`, {
      why: "crai runs as root, and PostgreSQL refuses to.",
      next: "Start crai as another user, or set DATABASE_URL to a PostgreSQL that already runs.",
    });
  return { ...found, switched: true };
}

function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // No such line in the password file: the one thing userInfo throws for.
    return undefined;
  }
}

/** Accounts of the local password file, which is what initdb's look-up finds in a container. */
export function readAccounts(): { name: string; uid: number; gid: number }[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .filter((line) => line.includes(":"))
    .map((line) => line.split(":"))
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid), gid: Number(gid) }));
}

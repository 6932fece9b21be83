import { fromUnixTime } from "date-fns/fromUnixTime";
import { parseISO } from "date-fns/parseISO";
import { z } from "zod";
import { cleanLine } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { complaint, type DatabaseServer, lookMs, refusedBy } from "./server.ts";

/** One file in the folder of backups. */
export interface Backup {
  file: string;
  /** Of `pg_dump --format=custom`, or plain SQL. */
  format: "custom" | "plain";
  bytes: number;
  /** When it was last written (UTC), so when the backup ended. */
  endedAt: Date;
}

/** What a backup says of itself. */
export interface BackupFacts {
  /** Why it cannot be restored; null: nothing speaks against it as far as it was read. */
  broken: string | null;
  /** Whether it was read to its end, and not only its table of contents. */
  readWhole: boolean;
  /** When the backup began (UTC); null: it does not say. */
  beganAt: Date | null;
  /** Of plain SQL it is not known. */
  database: string | null;
  /** PostgreSQL that it was made with, by its major version. */
  major: number | null;
  /** Tables with data; null: not known. */
  tables: number | null;
}

const line = /^(\d+) (\d+) (.+)$/;
const fileName = /^\w[\w.-]{0,150}\.(dump|sql)$/;
const ending = "PostgreSQL database dump complete";
/** Statements that leave the database which is restored into: such a file could write to the one in use. */
const leaves = String.raw`^(\\c(onnect)? |CREATE DATABASE |DROP DATABASE |ALTER DATABASE )`;

export function backupPath({ settings: { backups } }: DatabaseServer, file: string): string {
  return `${backups}/${file}`;
}

/** The files in the folder of backups, newest first; what is no backup by its name is left out. */
export async function listBackups(server: DatabaseServer): Promise<Backup[]> {
  const { backups: folder } = server.settings;
  const ended = await server.run(
    ["find", folder, "-maxdepth", "1", "-type", "f", "-exec", "stat", "-c", "%s %Y %n", "{}", "+"],
    lookMs,
  );
  if (ended.code !== 0)
    throw new UserError(`The backups in ${folder} of ${server.pod} cannot be listed: ${complaint(ended)}.`, {
      why: "crai looks for them in the folder that crai.yaml names.",
      next: "Mount the volume with the backups there, or correct `database.backups` of the app.",
    });
  return ended.stdout
    .split("\n")
    .flatMap((text) => {
      const [, bytes, seconds, path] = line.exec(text) ?? [];
      const file = path?.slice(folder.length + 1) ?? "";
      const [, kind] = fileName.exec(file) ?? [];
      if (kind === undefined) return [];
      const format: Backup["format"] = kind === "dump" ? "custom" : "plain";
      return [{ file, format, bytes: Number(bytes), endedAt: fromUnixTime(Number(seconds)) }];
    })
    .toSorted((a, b) => b.endedAt.getTime() - a.endedAt.getTime());
}

const unknown = { beganAt: null, database: null, major: null, tables: null };

/**
 * Reads a backup, without touching any database. The table of contents of a custom archive stands at its beginning, so
 * only `whole` finds that its end is missing; it takes as long as the file is large.
 */
export async function readBackup(
  server: DatabaseServer,
  backup: Pick<Backup, "file" | "format" | "bytes">,
  { whole, timeoutMs = lookMs }: { whole: boolean; timeoutMs?: number },
): Promise<BackupFacts> {
  if (backup.bytes === 0) return { ...unknown, broken: "it is empty", readWhole: true };
  const path = backupPath(server, backup.file);
  if (backup.format === "plain") return readPlain(server, path);
  const listed = await server.run(["pg_restore", "--list", path], timeoutMs);
  if (isAbsent(listed)) throw noTools(server, "pg_restore");
  if (listed.code !== 0)
    return { ...unknown, broken: `pg_restore cannot read it (${complaint(listed)})`, readWhole: false };
  const facts = factsIn(listed.stdout);
  if (!whole) return { ...facts, broken: null, readWhole: false };
  const read = await server.run(["pg_restore", "--file=/dev/null", path], timeoutMs);
  const broken = read.code === 0 ? null : `pg_restore cannot read it to its end (${complaint(read)})`;
  return { ...facts, broken, readWhole: true };
}

/** `code` null: the program could not be started. */
function isAbsent({ code, stderr }: { code: number | null; stderr: string }): boolean {
  return code === null && /executable file not found|no such file/i.test(stderr);
}

function noTools({ pod }: DatabaseServer, program: string): UserError {
  return new UserError(`There is no ${program} in ${pod}.`, {
    why: "Backups are read and restored by PostgreSQL's own programs, in the database's pod.",
    next: "Use an image that has them, as PostgreSQL's own image does.",
  });
}

async function readPlain(server: DatabaseServer, path: string): Promise<BackupFacts> {
  const end = await server.run(["tail", "-n", "12", path], lookMs);
  if (end.code !== 0) throw refusedBy(server, "tail", end);
  if (!end.stdout.includes(ending))
    return { ...unknown, broken: `its end is missing (no "${ending}")`, readWhole: true };
  const strays = await server.run(["grep", "-c", "-E", "-e", leaves, path], lookMs);
  // 1: no line matches.
  if (strays.code === 1) return { ...unknown, broken: null, readWhole: true };
  if (strays.code !== 0) throw refusedBy(server, "grep", strays);
  const broken =
    "it names databases itself (pg_dump --create, or pg_dumpall), so that it could write to the one in use";
  return { ...unknown, broken, readWhole: true };
}

const Major = z.coerce.number().int().positive();

function factsIn(listing: string): Pick<BackupFacts, "beganAt" | "database" | "major" | "tables"> {
  const [, database] = /^; +dbname: (.+)$/m.exec(listing) ?? [];
  // Other zones are written as abbreviations, which are ambiguous.
  const [, day, time] =
    /^; Archive created at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:UTC|GMT)$/m.exec(listing) ?? [];
  const [, version] = /^; +Dumped from database version: (\d+)/m.exec(listing) ?? [];
  return {
    beganAt: day === undefined ? null : parseISO(`${day}T${time}Z`),
    database: database === undefined ? null : cleanLine(database),
    major: Major.safeParse(version).data ?? null,
    tables: [...listing.matchAll(/^\d+; .* TABLE DATA /gm)].length,
  };
}

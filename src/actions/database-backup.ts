import { parseISO } from "date-fns/parseISO";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { formatDuration } from "../domain/deadline.ts";
import { isError, isUserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { bytesText } from "./diagnose/texts.ts";
import { type BackupFacts, listBackups, readBackup } from "./database/backups.ts";
import { type Choice, backupText, chooseBackup, minuteText } from "./database/choose.ts";
import { type Chosen, choosing, namesOf } from "./database/chosen.ts";
import { databasesNamed, sessionsIn } from "./database/databases.ts";
import { kubectlExec } from "./database/kubectl.ts";
import { roomFor } from "./database/room.ts";
import { callsTo, complaint, type DatabaseServer, lookMs, query, serverOf } from "./database/server.ts";
import { newerRows } from "./database/tables.ts";

const Params = z.strictObject({
  backup: z.iso.date().nullable().default(null).describe("the day of the backup; the newest when absent"),
  before: z.iso
    .datetime({ offset: true })
    .nullable()
    .default(null)
    .describe("only a backup that was complete before this moment"),
});

/** ms that a plan waits for a backup to be read to its end; what takes longer is read by the step. */
const planReadsMs = 10_000;
const stepReadsMs = 6 * 3_600_000;
const listed = 5;

interface Looked {
  server: DatabaseServer;
  choice: Choice;
  now: Date;
}

/** What the backup says of itself, to its end where that is quick. */
async function factsNow({ server, choice: { backup, facts } }: Looked): Promise<BackupFacts> {
  try {
    return await readBackup(server, backup, { whole: true, timeoutMs: planReadsMs });
  } catch (error) {
    if (!isError(error, "ClusterUnreachable")) throw error;
    return facts;
  }
}

/** What speaks against restoring it here. */
async function objections({ server }: Looked, { backup }: Choice, facts: BackupFacts): Promise<Warning[]> {
  const { name } = server.settings;
  const next = "Ask for another one with `--backup <day>`. Nothing was touched.";
  const warnings: Warning[] = [];
  if (facts.broken !== null)
    warnings.push({ level: "block", text: `${backup.file} cannot be restored: ${facts.broken}.`, next });
  if (facts.database !== null && facts.database !== name)
    warnings.push({
      level: "block",
      text: `${backup.file} is a backup of the database ${facts.database}, not of ${name}.`,
      next,
    });
  const version = "select current_setting('server_version_num')::int / 10000 as major";
  const [{ major } = { major: 0 }] = await query(server, version, z.object({ major: z.number() }), {
    database: "postgres",
  });
  if (facts.major !== null && facts.major > major)
    warnings.push({
      level: "block",
      text: `${backup.file} was made by PostgreSQL ${facts.major}, and ${major} runs here.`,
      next,
    });
  const ended = await server.run(["pg_dump", "--version"], lookMs);
  const tool = Number(/\) (\d+)/.exec(ended.stdout)?.[1] ?? 0);
  if (ended.code !== 0 || tool < major)
    warnings.push({
      level: "block",
      text: `No backup can be taken first: ${ended.code === 0 ? `pg_dump in ${server.pod} is of version ${tool}, the server of ${major}` : `there is no pg_dump in ${server.pod} (${complaint(ended)})`}.`,
      next: "Use an image with PostgreSQL's own programs of the server's version.",
    });
  const found = await databasesNamed(server, [name]);
  if (!found.has(name))
    warnings.push({
      level: "block",
      text: `There is no database ${name} on this server, so there is nothing to swap with.`,
      next: "Correct `database.name` in crai.yaml, or restore it by hand.",
    });
  return warnings;
}

/** The rows that are newer than the backup, where crai.yaml says how to tell. */
async function vanishing({ server }: Looked, since: Date): Promise<string> {
  const { rows } = server.settings;
  if (Object.keys(rows).length === 0)
    return "not known before it is restored (crai.yaml has no `database.rows`); counted, and asked about, before the swap";
  const texts: string[] = [];
  for (const [table, column] of Object.entries(rows)) {
    try {
      const { total, newer } = await newerRows(server, { table, column }, since);
      texts.push(`${table} ${newer} of ${total}`);
    } catch (error) {
      if (!isUserError(error) && !isError(error, "ClusterUnreachable")) throw error;
      texts.push(`${table} not counted (${error.message})`);
    }
  }
  return `${texts.join(", ")}; changed rows do not show here, and every table is counted before the swap`;
}

/** Chooses the backup that is restored, and reads it to its end before anything is changed. */
export const databaseBackup = defineAction<z.infer<typeof Params>, Chosen>({
  name: choosing,
  params: Params,
  permission: "workload:read",
  prepares: true,

  async plan({ backup: day, before }, context) {
    const now = context.now();
    const server = await serverOf(context);
    const all = await listBackups(server);
    const wanted = { day, before: before === null ? null : parseISO(before) };
    const choice = await chooseBackup(server, all, wanted, now);
    const looked: Looked = { server, choice, now };
    const { backup, passedOver } = choice;
    const facts = await factsNow(looked);
    const { name } = server.settings;
    const warnings = await objections(looked, choice, facts);
    const exists = !warnings.some(({ text }) => text.startsWith("There is no database"));
    const since = facts.beganAt ?? backup.endedAt;
    const lost = `${formatDuration(now.getTime() - since.getTime())}, since ${minuteText(since)}`;
    const nonce = randomUUID().slice(0, 8);
    const { kept } = namesOf(name, nonce);
    const room = exists ? await roomFor(server) : null;
    const sessions = await sessionsIn(server, name);
    const connected = [...sessions.working, ...sessions.idle];
    const others = all.filter(({ file }) => file !== backup.file);
    const state: Chosen = {
      file: backup.file,
      format: backup.format,
      bytes: backup.bytes,
      endedAt: backup.endedAt.toISOString(),
      nonce,
    };
    return {
      title: `check ${backup.file}`,
      calls: callsTo(context),
      facts: [
        {
          label: "Backup",
          value: `${backupText(backup, now)}${facts.readWhole ? ", read to its end" : ", read to its end by the first step"}${facts.tables === null ? "" : `, ${facts.tables} tables`}`,
        },
        {
          label: "Other backups",
          value:
            others.length === 0
              ? "none"
              : `${others
                  .slice(0, listed)
                  .map((one) => backupText(one, now))
                  .join(", ")}${others.length > listed ? ` and ${others.length - listed} more` : ""}`,
        },
        { label: "What is lost", value: `everything written in ${lost}` },
        { label: "Rows newer than it", value: exists ? await vanishing(looked, since) : "not known" },
        ...(room === null ? [] : [{ label: "Room for two copies", value: room.text }]),
        { label: "Connected now", value: connected.length === 0 ? "nobody" : connected.join(", ") },
      ],
      diff: null,
      kubectl: [
        kubectlExec(context, ["pg_restore", "--file=/dev/null", `${server.settings.backups}/${backup.file}`]),
      ],
      warnings: [
        {
          level: "warn",
          text: `What was written to ${name} in ${lost} will not be in the database in force. It stays in ${kept} until somebody drops that.`,
        },
        ...passedOver.map(({ backup: newer, broken }) => ({
          level: "warn" as const,
          text: `${newer.file} is newer, and ${broken}.`,
        })),
        ...warnings,
        ...(room?.warnings ?? []),
      ],
      fingerprint: digest([name, backup.file, backup.bytes, backup.endedAt.getTime()]),
      inverse: null,
      state,
    };
  },

  async observe(chosen, context) {
    const server = await serverOf(context);
    const found = (await listBackups(server)).find(({ file }) => file === chosen.file);
    if (
      found === undefined ||
      found.bytes !== chosen.bytes ||
      found.endedAt.toISOString() !== chosen.endedAt
    ) {
      const is = found === undefined ? "gone" : "another one than was planned with";
      return { state: "failed", detail: `${chosen.file} is ${is}. Nothing was touched`, evidence: [] };
    }
    const { broken } = await readBackup(server, chosen, { whole: true, timeoutMs: stepReadsMs });
    if (broken !== null)
      return {
        state: "failed",
        detail: `${chosen.file} cannot be restored: ${broken}. Nothing was touched`,
        evidence: [],
      };
    const [short] = (await roomFor(server)).warnings;
    if (short !== undefined) return { state: "failed", detail: short.text, evidence: [] };
    return {
      state: "done",
      evidence: [{ what: `${chosen.file} (${bytesText(chosen.bytes)}) was read to its end`, ok: true }],
    };
  },
});

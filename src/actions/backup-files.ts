import { differenceInHours } from "date-fns/differenceInHours";
import { parseISO } from "date-fns/parseISO";
import { z } from "zod";
import { formatDuration } from "../domain/deadline.ts";
import { isUserError } from "../domain/errors.ts";
import type { Evidence } from "../domain/timeline.ts";
import { bytesText } from "./diagnose/texts.ts";
import { listBackups, readBackup } from "./database/backups.ts";
import { isSafety } from "./database/chosen.ts";
import { type AppPlace, callsTo, type DatabaseServer, serverOf } from "./database/server.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  hours: z.int().min(1).default(26).describe("how old the newest may be"),
  show: z.int().min(1).max(30).default(7).describe("how many of the newest are told of"),
  before: z.iso
    .datetime({ offset: true })
    .nullable()
    .default(null)
    .describe(
      "only those that were complete before this moment, as 2026-11-22T14:30:00Z, however old they are",
    ),
});
type Params = z.infer<typeof Params>;

/** ms to read the newest to its end. */
const readMs = 600_000;

/** Databases of the environment that crai.yaml tells the backups of. */
function databases(apps: readonly Omit<AppPlace, "cluster">[]): readonly Omit<AppPlace, "cluster">[] {
  return apps.filter(({ app }) => app.database !== undefined);
}

async function evidenceOf(server: DatabaseServer, params: Params, now: Date): Promise<Evidence[]> {
  const { name } = server.settings;
  const { hours, show, before } = params;
  const all = (await listBackups(server)).filter(({ file }) => !isSafety(file));
  const found = before === null ? all : all.filter(({ endedAt }) => endedAt < parseISO(before));
  const [newest] = found;
  const sought = before === null ? "" : ` from before ${before}`;
  if (newest === undefined) return [{ what: `There is no backup of ${name}${sought}`, ok: false }];
  const evidence: Evidence[] = [];
  for (const backup of found.slice(0, show)) {
    const { broken, readWhole } = await readBackup(server, backup, {
      whole: backup === newest,
      timeoutMs: readMs,
    });
    const age = formatDuration(now.getTime() - backup.endedAt.getTime());
    const state = broken ?? (readWhole ? "read to its end" : "its table of contents is whole");
    // An older one is told of; only the newest decides.
    const ok = backup === newest ? broken === null : broken === null ? true : null;
    evidence.push({ what: `${backup.file}: ${bytesText(backup.bytes)}, ${age} old, ${state}`, ok });
  }
  const ago = differenceInHours(now, newest.endedAt);
  if (before === null && ago >= hours)
    evidence.push({ what: `The newest backup of ${name} is ${ago} hours old (at most ${hours})`, ok: false });
  return evidence;
}

/** The backups of every database of the environment: how large, how old, and whether the newest can be read to its end. */
export const backupFiles = defineCheck<Params>({
  name: "backup-files",
  params: Params,
  title: () => "backups of the databases",
  calls: (_, { apps }) => databases(apps).flatMap((place) => callsTo(place)),
  async look(params, { apps, cluster, now }) {
    const evidence: Evidence[] = [];
    for (const place of databases(apps)) {
      try {
        evidence.push(...(await evidenceOf(await serverOf({ ...place, cluster }), params, now())));
      } catch (error) {
        if (!isUserError(error)) throw error;
        evidence.push({ what: `${place.app.name}: ${error.message}`, ok: false });
      }
    }
    return evidence;
  },
});

import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import { bytesText } from "../diagnose/texts.ts";
import { type Backup, type BackupFacts, readBackup } from "./backups.ts";
import { isSafety } from "./chosen.ts";
import type { DatabaseServer } from "./server.ts";

export interface Wanted {
  /** 2026-11-22; null: any. */
  day: string | null;
  /** Only what was complete before it; null: any. */
  before: Date | null;
}

/** As a person reads it in a list. */
export function backupText({ file, bytes, endedAt }: Backup, now: Date): string {
  return `${file} (${bytesText(bytes)}, ${formatDuration(now.getTime() - endedAt.getTime())} old)`;
}

/** The day that a backup is of: the one in its name, else that of its end (UTC). */
function dayOf({ file, endedAt }: Pick<Backup, "file" | "endedAt">): string {
  const [, year, month, day] = /(?:^|\D)(20\d\d)-?([01]\d)-?([0-3]\d)(?:\D|$)/.exec(file) ?? [];
  return year === undefined ? endedAt.toISOString().slice(0, 10) : `${year}-${month}-${day}`;
}

/** 2026-11-22 14:30 UTC */
export function minuteText(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function asked({ day, before }: Wanted): string {
  return [day === null ? "" : ` of ${day}`, before === null ? "" : ` from before ${minuteText(before)}`].join(
    "",
  );
}

export interface Choice {
  backup: Backup;
  facts: BackupFacts;
  /** Newer ones that were asked for as well and cannot be restored, with why. */
  passedOver: { backup: Backup; broken: string }[];
}

/**
 * The newest backup that was asked for and can be read. One that a restore took of what it replaced counts only where
 * there is no other. Throws a UserError where none is left.
 */
export async function chooseBackup(
  server: DatabaseServer,
  all: readonly Backup[],
  wanted: Wanted,
  now: Date,
): Promise<Choice> {
  const fitting = all.filter(
    (backup) =>
      (wanted.day === null || dayOf(backup) === wanted.day) &&
      (wanted.before === null || backup.endedAt < wanted.before),
  );
  const regular = fitting.filter(({ file }) => !isSafety(file));
  const passedOver: Choice["passedOver"] = [];
  for (const backup of regular.length > 0 ? regular : fitting) {
    const facts = await readBackup(server, backup, { whole: false });
    if (facts.broken === null) return { backup, facts, passedOver };
    passedOver.push({ backup, broken: facts.broken });
  }
  const { name, backups: folder } = server.settings;
  const what = `There is no backup of ${name}${asked(wanted)} that can be restored.`;
  const broken = passedOver.map(({ backup, broken: why }) => `${backup.file}: ${why}`);
  const others = all.slice(0, 5).map((backup) => backupText(backup, now));
  throw new UserError(what, {
    why:
      broken.length > 0
        ? broken.slice(0, 3).join("; ")
        : `${folder} has ${others.length === 0 ? "no backups at all" : `${others.join(", ")}${all.length > 5 ? ` and ${all.length - 5} more` : ""}`}.`,
    next: "Ask for one that is there with `--backup <day>`; nothing was touched.",
  });
}

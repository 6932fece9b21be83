import { z } from "zod";
import type { BaseContext } from "../../engine/playbooks/action.ts";
import { UserError } from "../../domain/errors.ts";

/** The backup that a plan was made for, and what tells its copies from those of other plans. */
export const Chosen = z.strictObject({
  file: z.string(),
  format: z.enum(["custom", "plain"]),
  bytes: z.number(),
  /** ISO 8601, UTC. */
  endedAt: z.string(),
  nonce: z.string(),
});
export type Chosen = z.infer<typeof Chosen>;

/** The action whose state it is. */
export const choosing = "database-backup";

/** What the step that chose the backup has planned. */
export function chosenIn({ before }: Pick<BaseContext, "before">): Chosen {
  const step = before.find(({ action }) => action === choosing);
  if (step !== undefined) return Chosen.parse(step.state);
  throw new UserError("It is not known which backup is meant.", {
    why: `No step before this one is of the action ${choosing}.`,
    next: "Whoever keeps the playbook puts it in front.",
  });
}

/** Names of what a restore makes; all of them carry the plan's own mark, so that they are nobody else's. */
export function namesOf(database: string, nonce: string) {
  return {
    /** What the backup is restored into. */
    fresh: `${database}_restored_${nonce}`,
    /** The database that was in force, after the swap. */
    kept: `${database}_before_${nonce}`,
    /** File of the backup that is taken first. */
    safety: `${database}_safety_${nonce}.dump`,
  };
}

/** Whether a file is a backup that a restore took of what it replaced. */
export function isSafety(file: string): boolean {
  return /_safety_[0-9a-f]{8}\.dump$/.test(file);
}

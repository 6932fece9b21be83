import { subMilliseconds } from "date-fns/subMilliseconds";
import type { Database } from "../store/database.ts";
import { finishedRuns } from "../store/runs.ts";

/** The pre-deployment checklist of a tag that passed: its run is the record, with every tick and who gave it. */
export interface PassedPreflight {
  run: number;
  /** Who started it. */
  by: string;
  at: Date;
}

/** Name of the playbook whose runs are the record. */
const playbook = "preflight";

/** The newest that passed for exactly this tag, in this environment, within so many ms. */
export async function preflightFor(
  db: Database,
  { tag, environment }: { tag: string; environment: string },
  { now, within }: { now: Date; within: number },
): Promise<PassedPreflight | undefined> {
  const runs = await finishedRuns(db, { playbook, environment, since: subMilliseconds(now, within) });
  const [newest] = runs.filter(({ inputs }) => inputs["tag"] === tag);
  // A later one that failed takes an earlier pass back.
  if (newest?.outcome !== "succeeded") return undefined;
  return {
    run: newest.number,
    by: newest.actor.kind === "person" ? newest.actor.name : newest.actor.kind,
    at: newest.finishedAt,
  };
}

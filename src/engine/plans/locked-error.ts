import { actorName } from "../../domain/actor.ts";
import { UserError } from "../../domain/errors.ts";
import { isConfidential } from "../../domain/incident.ts";
import type { Queries } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { runByNumber } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";

/**
 * Names holder, run and since when; on call may take it over. `incident`: where the refused plan belongs; a run of
 * another, confidential incident is not named.
 */
export async function lockedError(
  db: Queries,
  lock: Row<"lock">,
  incident: number | null,
): Promise<UserError> {
  const run = await runByNumber(db, lock.run);
  const since = `since ${lock.taken_at.toISOString().slice(11, 19)} UTC`;
  const elsewhere =
    run === undefined || run.incident === null || run.incident === incident
      ? undefined
      : await incidentByNumber(db, run.incident);
  if (elsewhere !== undefined && isConfidential(elsewhere.kind))
    return new UserError(`${lock.target} is locked by a run that you cannot see from here.`, {
      why: `It is held ${since}.`,
      next: "Try again later, or ask whoever is on call.",
    });
  return new UserError(`${lock.target} is locked by R${lock.run}.`, {
    why: `${actorName(lock.holder)} holds it ${since}${run?.status === "finished" ? "" : "; that run has not ended"}.`,
    next: `Wait for R${lock.run}, stop it (\`stop R${lock.run}\`), or on call: \`locks take ${lock.target}\`.`,
  });
}

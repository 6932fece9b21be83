import { actorName } from "../../domain/actor.ts";
import { UserError } from "../../domain/errors.ts";
import type { Queries } from "../../store/database.ts";
import { runByNumber } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";

/** Names holder, run and since when; on call may take it over. */
export async function lockedError(db: Queries, lock: Row<"lock">): Promise<UserError> {
  const run = await runByNumber(db, lock.run);
  return new UserError(`${lock.target} is locked by R${lock.run}.`, {
    why: `${actorName(lock.holder)} holds it since ${lock.taken_at.toISOString().slice(11, 19)} UTC${run?.status === "finished" ? "" : "; that run has not ended"}.`,
    next: `Wait for R${lock.run}, stop it (\`stop R${lock.run}\`), or on call: \`locks take ${lock.target}\`.`,
  });
}

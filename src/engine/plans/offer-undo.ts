import type { Logger } from "pino";
import { isError, isUserError } from "../../domain/errors.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Row } from "../../store/tables.ts";
import type { Planner } from "./planner.ts";

/** For `on_failure: offer-undo`: the undo is planned at once, in the name of who ran it, and waits for its yes. */
export function createUndoOffer({
  planner,
  refresh,
  log,
}: {
  planner: Pick<Planner, "makeUndo">;
  refresh: (plan: number) => Promise<void>;
  log: Logger;
}) {
  return async ({ run, stored }: { run: Row<"run">; stored: StoredPlan }): Promise<void> => {
    try {
      const undo = await planner.makeUndo({
        run: run.number,
        actor: run.actor,
        incident: stored.plan.incident,
        reason: `R${run.number} failed`,
        channel: stored.channel,
        key: `run:${run.number}:undo`,
      });
      await refresh(undo.number);
    } catch (err) {
      if (!isUserError(err) && !isError(err, "ClusterUnreachable")) throw err;
      log.info({ err, run: run.number }, "no undo offered");
    }
  };
}

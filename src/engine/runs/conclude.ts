import type { Button } from "../../domain/view.ts";
import { releaseLocks } from "../../store/locks.ts";
import { finishRun, stepsOf } from "../../store/runs.ts";
import { offerAgain } from "../plans/offer-again.ts";
import { hasChanged, voidOvertaken } from "../plans/overtaken.ts";
import { judge, type RunEnd } from "./judge-run.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

/** The three ways a run ends: judged by its steps, broken on our side, or without its terminal. */
export function createEndings(
  { db, offers, offerUndo, wakeOutbox, log, now }: RunsOptions,
  record: RunRecord,
  compensate: (run: number) => Promise<string | null>,
) {
  async function conclude(job: Job, end: RunEnd, offered: readonly Button[]): Promise<void> {
    const { number } = job.run;
    await db.transaction().execute(async (trx) => {
      // Rows are locked in one order everywhere (incident, plan or run, stream, lock, outbox), so that nobody waits in a circle.
      if (!(await finishRun(trx, number, { ...end, at: now() }))) return;
      await voidOvertaken(trx, number, now());
      if (end.outcome !== "succeeded" && !(await hasChanged(trx, number)))
        await offerAgain(trx, job.stored, { after: `R${number}`, at: now() });
      await record.append(trx, job, { key: "finished", fact: { kind: "run.finished", run: number, ...end } });
      await releaseLocks(trx, number);
      await record.show(trx, job, { offers: offered });
      await record.showCard(trx, job);
    });
    wakeOutbox();
  }

  return {
    async finish(number: number): Promise<void> {
      const back = await compensate(number);
      const job = await record.load(number);
      const judged = judge(job.stored.plan, await stepsOf(db, number));
      const end =
        back === null ? judged : { ...judged, detail: [judged.detail, back].filter(Boolean).join(". ") };
      await conclude(job, end, await offers({ ...job.run, ...end, status: "finished" }, job.stored.plan));
      const failed = end.outcome !== "succeeded" && end.outcome !== "skipped" && end.outcome !== "stopped";
      if (failed && job.stored.plan.onFailure === "offer-undo") await offerUndo(job);
    },

    async abandon(number: number, error: unknown): Promise<void> {
      const reference = `R${number}-${now().getTime().toString(36)}`;
      log.error({ err: error, run: number, reference }, "run broke");
      const detail = `Something broke on our side (reference ${reference}). Look at the workload itself before you act again.`;
      await conclude(await record.load(number), { outcome: "unknown", verdict: null, detail }, []);
    },

    async lose(number: number): Promise<void> {
      const acted = (await stepsOf(db, number)).some((step) => step.document.mutates);
      await conclude(await record.load(number), lost(acted), []);
    },
  };
}

/** Without its terminal nothing more is known of a run than what it had recorded. */
function lost(acted: boolean): RunEnd {
  const gone = "The terminal that carried it out is gone.";
  return acted
    ? {
        outcome: "unknown",
        verdict: null,
        detail: `${gone} It is not known how far it got: look at the workload before you act again.`,
      }
    : { outcome: "stopped", verdict: null, detail: `${gone} Nothing had been changed.` };
}

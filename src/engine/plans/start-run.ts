import { addMilliseconds } from "date-fns/addMilliseconds";
import { targetKey } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import { planTargets } from "../../domain/plan.ts";
import type { Executor } from "../../domain/run.ts";
import type { Queries } from "../../store/database.ts";
import { endDeadline, setDeadline } from "../../store/deadlines.ts";
import { takeLocks } from "../../store/locks.ts";
import { insertApproval, noteStarted, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { insertRun } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { streamOf } from "../record.ts";
import type { Answer, Yes } from "./judge-yes.ts";
import { lockedError } from "./locked-error.ts";

export interface StartOptions {
  /** Who carries a plan out; called in the transaction that starts its run. */
  executor: (trx: Queries, stored: StoredPlan) => Promise<Executor>;
  /** Makes the run durable, in the same transaction as the yes. */
  enqueue: (trx: Queries, run: number) => Promise<void>;
  now: Clock;
}

/** ms after which a terminal that was to carry a run out is first looked for. */
const TERMINAL_GRACE = 5000;

/** Whose yes it was, where it was not the requester's own. */
function yesText(how: Yes, { actor, reason }: Answer): string {
  if (how === "confirmed") return "";
  return how === "approved" ? `, approved by ${actor.name}` : `. ${actor.name} broke the glass: ${reason}`;
}

/** Whoever serves looks from now on whether the terminal is still there. */
async function watchTerminal(trx: Queries, run: number, at: Date): Promise<void> {
  await setDeadline(trx, {
    key: `run:${run}:terminal`,
    kind: "run.terminal",
    subject: { run },
    dueAt: addMilliseconds(at, TERMINAL_GRACE),
  });
}

/**
 * Records the yes and starts the run that it allows, with its locks: all of it in one transaction, or none. undefined:
 * the plan waits no more, somebody else was first.
 */
export function createStart({ executor, enqueue, now }: StartOptions) {
  return async (
    trx: Queries,
    stored: StoredPlan,
    answer: Answer,
    how: Yes,
  ): Promise<Row<"run"> | undefined> => {
    const at = now();
    if (!(await settlePlan(trx, stored.number, "started", null))) return undefined;
    await insertApproval(trx, {
      plan: stored.number,
      actor: answer.actor,
      decision: how,
      reason: answer.reason,
      planHash: stored.hash,
      at,
    });
    const by = await executor(trx, stored);
    const run = await insertRun(trx, stored, { actor: stored.plan.actor, executor: by, at });
    await noteStarted(trx, stored.number, `as R${run.number}${yesText(how, answer)}.`);
    await appendEntry(trx, {
      stream: streamOf(stored.plan.incident, stored.number),
      at,
      key: `plan:${stored.number}:approved`,
      actor: answer.actor,
      fact: { kind: "approval.given", plan: stored.number, how, reason: answer.reason },
    });
    const taking = await takeLocks(trx, {
      targets: planTargets(stored.plan).map(targetKey),
      run: run.number,
      holder: stored.plan.actor,
      at,
    });
    if (!taking.taken) throw await lockedError(trx, taking.busy);
    await endDeadline(trx, `plan:${stored.number}:expires`, at);
    await endDeadline(trx, `plan:${stored.number}:glass`, at);
    if (by === "serve") await enqueue(trx, run.number);
    else await watchTerminal(trx, run.number, at);
    return run;
  };
}

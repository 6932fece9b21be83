import { addMilliseconds } from "date-fns/addMilliseconds";
import { actorKey } from "../../domain/actor.ts";
import { targetKey } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { planTargets } from "../../domain/plan.ts";
import type { Executor } from "../../domain/run.ts";
import type { Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { takeLocks } from "../../store/locks.ts";
import { approvalsOf, lockWaiting, putApproval, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { insertRun } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { streamOf } from "../record.ts";
import { createAnnounceGlass } from "./announce-glass.ts";
import type { Answer, Yes } from "./judge-yes.ts";
import { lockedError } from "./locked-error.ts";
import { endWait } from "./waiting.ts";
import { type GivenYes, yesesOf, yesText } from "./yes-text.ts";

export interface StartOptions {
  config: Pick<Config, "slack">;
  /** Who carries a plan out; called in the transaction that starts its run. */
  executor: (trx: Queries, stored: StoredPlan) => Promise<Executor>;
  /** Makes the run durable, in the same transaction as the yes. */
  enqueue: (trx: Queries, run: number) => Promise<void>;
  now: Clock;
}

/** ms after which a terminal that was to carry a run out is first looked for. */
const TERMINAL_GRACE = 5000;

/** Whoever serves looks from now on whether the terminal is still there. */
async function watchTerminal(trx: Queries, run: number, at: Date): Promise<void> {
  await setDeadline(trx, {
    key: `run:${run}:terminal`,
    kind: "run.terminal",
    subject: { run },
    dueAt: addMilliseconds(at, TERMINAL_GRACE),
  });
}

export type Started =
  | { run: Row<"run"> }
  /** The yes counts, and so many more are needed. */
  | { missing: number };

/** How many yeses of other people a plan still lacks. */
export async function missingYeses(db: Queries, { number, plan }: StoredPlan): Promise<number> {
  const given = (await approvalsOf(db, number)).filter(({ decision }) => decision === "approved");
  return Math.max(0, plan.approvals - given.length);
}

/**
 * Records the yes and starts the run that it allows, with its locks: all of it in one transaction, or none. undefined:
 * the plan waits no more, somebody else was first.
 */
export function createStart({ config, executor, enqueue, now }: StartOptions) {
  const announceGlass = createAnnounceGlass({ config, now });

  async function record(trx: Queries, { number, hash, plan }: StoredPlan, yes: GivenYes): Promise<void> {
    const { actor, how, reason, at } = yes;
    await putApproval(trx, { plan: number, actor, decision: how, reason, planHash: hash, at });
    await appendEntry(trx, {
      stream: streamOf(plan.incident, number),
      at,
      key: `plan:${number}:${how}:${actorKey(actor)}`,
      actor,
      fact: { kind: "approval.given", plan: number, how, reason },
    });
  }

  return async (trx: Queries, stored: StoredPlan, answer: Answer, how: Yes): Promise<Started | undefined> => {
    const at = now();
    const { number, plan } = stored;
    const yes: GivenYes = { actor: answer.actor, how, reason: answer.reason, at };
    if (!(await lockWaiting(trx, number))) return undefined;
    await record(trx, stored, yes);
    const missing = how === "approved" ? await missingYeses(trx, stored) : 0;
    if (missing > 0) return { missing };
    const by = await executor(trx, stored);
    const run = await insertRun(trx, stored, { actor: plan.actor, executor: by, at });
    const yeses = yesesOf(await approvalsOf(trx, number));
    await settlePlan(trx, number, "started", `as R${run.number}${yesText(yeses)}`);
    const targets = planTargets(plan).map(targetKey);
    const taking = await takeLocks(trx, { targets, run: run.number, holder: plan.actor, at });
    if (!taking.taken) throw await lockedError(trx, taking.busy, plan.incident);
    await endWait(trx, stored, { by: answer.actor, at });
    if (how === "break-glass") await announceGlass(trx, { stored, run: run.number, yes });
    if (by === "serve") await enqueue(trx, run.number);
    else await watchTerminal(trx, run.number, at);
    return { run };
  };
}

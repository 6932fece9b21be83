import { addMilliseconds } from "date-fns/addMilliseconds";
import { actorName } from "../../domain/actor.ts";
import { targetKey } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { planTargets } from "../../domain/plan.ts";
import type { Executor } from "../../domain/run.ts";
import type { View } from "../../domain/view.ts";
import type { Queries } from "../../store/database.ts";
import { endDeadline, setDeadline } from "../../store/deadlines.ts";
import { takeLocks } from "../../store/locks.ts";
import { insertApproval, noteStarted, settlePlan, type StoredPlan } from "../../store/plans.ts";
import { insertRun } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { ChannelRef } from "../ports.ts";
import { placeOf, say, streamOf } from "../record.ts";
import type { Answer, Yes } from "./judge-yes.ts";
import { lockedError } from "./locked-error.ts";
import { type GivenYes, glassText, yesText } from "./yes-text.ts";

export interface StartOptions {
  config: Pick<Config, "slack">;
  /** Who carries a plan out; called in the transaction that starts its run. */
  executor: (trx: Queries, stored: StoredPlan) => Promise<Executor>;
  /** Makes the run durable, in the same transaction as the yes. */
  enqueue: (trx: Queries, run: number) => Promise<void>;
  now: Clock;
}

interface Broken {
  stored: StoredPlan;
  run: number;
  yes: GivenYes;
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

/**
 * Records the yes and starts the run that it allows, with its locks: all of it in one transaction, or none. undefined:
 * the plan waits no more, somebody else was first.
 */
export function createStart({ config, executor, enqueue, now }: StartOptions) {
  const { announce: everywhere } = config.slack;

  /** A broken glass is for everybody to read: where the plan stands, and where outages are announced. */
  async function announce(trx: Queries, { stored, run, yes }: Broken): Promise<void> {
    const { plan, number } = stored;
    const at = now();
    const text = [...glassText(yes), ` R${run} runs without a second yes: ${plan.title}.`];
    const view: View = {
      summary: `${actorName(yes.actor)} broke the glass for P${number}: ${plan.title}`,
      blocks: [{ type: "text", text: [{ bold: "Glass broken." }, " ", ...text] }],
    };
    const here = placeOf(plan.incident, stored.channel, everywhere);
    const places = new Map<string, ChannelRef>();
    for (const place of [here, everywhere === undefined ? null : { id: everywhere }])
      if (place !== null) places.set(JSON.stringify(place), place);
    for (const [name, channel] of places)
      await say(
        trx,
        { key: `plan:${number}:glass-broken:${name}`, about: plan.incident },
        { do: "post", channel, view },
        at,
      );
  }

  return async (
    trx: Queries,
    stored: StoredPlan,
    answer: Answer,
    how: Yes,
  ): Promise<Row<"run"> | undefined> => {
    const at = now();
    const yes: GivenYes = { actor: answer.actor, how, reason: answer.reason, at };
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
    await noteStarted(trx, stored.number, `as R${run.number}${yesText(yes)}`);
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
    if (!taking.taken) throw await lockedError(trx, taking.busy, stored.plan.incident);
    await endDeadline(trx, `plan:${stored.number}:expires`, at);
    await endDeadline(trx, `plan:${stored.number}:glass`, at);
    if (how === "break-glass") await announce(trx, { stored, run: run.number, yes });
    if (by === "serve") await enqueue(trx, run.number);
    else await watchTerminal(trx, run.number, at);
    return run;
  };
}

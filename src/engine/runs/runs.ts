import { setTimeout } from "node:timers/promises";
import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import { type Actor, sameActor } from "../../domain/actor.ts";
import { targetKey } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { isError, isUserError, UserError } from "../../domain/errors.ts";
import type { Plan, PlannedStep } from "../../domain/plan.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Button } from "../../domain/view.ts";
import type { Database, Queries } from "../../store/database.ts";
import { holdsLocks, releaseLocks } from "../../store/locks.ts";
import { planByNumber, type StoredPlan } from "../../store/plans.ts";
import {
  askToStop,
  finishRun,
  finishStep,
  intendStep,
  markActed,
  markRunning,
  runByNumber,
  type StepEnd,
  stepsOf,
} from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { noRun } from "../commands/references.ts";
import type { Action, ActionContext, Observation } from "../playbooks/action.ts";
import { isRefusal } from "../cluster-refusal.ts";
import { ended, goesOn, judge, type RunEnd } from "./judge-run.ts";
import type { Actions } from "../playbooks/load-playbooks.ts";
import { voidOvertaken } from "../plans/overtaken.ts";
import type { Planner } from "../plans/planner.ts";
import { placeOf, show, streamOf } from "../record.ts";
import { runSummary, runView } from "./run-view.ts";
import { showIncident } from "../incidents/show-incident.ts";

export interface Runs {
  /** First durable step: marks the run as running. Returns the ids of the plan's steps. */
  begin(run: number): Promise<string[]>;
  /** Carries one step out, or finds that it is done. Returns whether the run goes on. */
  carryOut(run: number, step: string): Promise<boolean>;
  /** Ends the run: outcome, verdict, locks given back, offers. */
  finish(run: number): Promise<void>;
  /** Ends a run that broke in our own code: its outcome is unknown, and the log has the reference. */
  abandon(run: number, error: unknown): Promise<void>;
  /** Ends a run whose terminal is gone: nobody else may go on with it. */
  lose(run: number): Promise<void>;
  /** Asks a run to halt before its next change. */
  stop(run: number, actor: Actor, reason: string | null): Promise<Row<"run">>;
}

export interface RunsOptions {
  db: Database;
  planner: Pick<Planner, "context">;
  actions: Actions;
  /** What to offer when a run has ended; must not throw for an unreachable cluster. */
  offers: (run: Row<"run">, plan: Plan) => Promise<Button[]>;
  /** Called when a message was stored, so that it goes out at once. */
  wakeOutbox: () => void;
  /** Wakes a waiting step of this process when its run is asked to stop. */
  stops: { ask(run: number): void; signal(run: number): AbortSignal };
  /** What a step is waiting for, each time it changes. */
  onWaiting?: ((detail: string) => void) | undefined;
  announce: string | undefined;
  log: Logger;
  now: Clock;
}

/** ms between two looks at a step that waits; a watch on the workload cuts it short. */
const LOOK_EVERY = 1000;

interface Job {
  run: Row<"run">;
  stored: StoredPlan;
}

export function createRuns({
  db,
  planner,
  actions,
  offers,
  wakeOutbox,
  stops,
  onWaiting,
  announce,
  log,
  now,
}: RunsOptions): Runs {
  async function load(number: number): Promise<Job> {
    const run = await runByNumber(db, number);
    const stored = run && (await planByNumber(db, run.plan));
    if (!run || !stored) throw noRun(number);
    return { run, stored };
  }

  async function record(
    trx: Queries,
    { run, stored }: Job,
    entry: { key: string; fact: Fact; actor?: Actor },
  ): Promise<void> {
    await appendEntry(trx, {
      stream: streamOf(stored.plan.incident, stored.number),
      at: now(),
      key: `run:${run.number}:${entry.key}`,
      actor: entry.actor ?? run.actor,
      fact: entry.fact,
    });
  }

  async function showRun(
    trx: Queries,
    { run: { number }, stored }: Job,
    more: { waitingFor?: string; offers?: readonly Button[] } = {},
  ): Promise<void> {
    const place = placeOf(stored.plan.incident, stored.channel, announce);
    if (place === null) return;
    const run = await runByNumber(trx, number);
    const steps = await stepsOf(trx, number);
    if (!run) return;
    const view = runView({
      run,
      plan: stored.plan,
      steps,
      waitingFor: more.waitingFor ?? null,
      offers: more.offers ?? [],
    });
    const about = stored.plan.incident;
    await show(trx, { key: `run:${number}`, about }, { do: "post", channel: place, view }, now());
  }

  async function showCard(trx: Queries, { stored }: Job): Promise<void> {
    if (stored.plan.incident !== null) await showIncident(trx, stored.plan.incident, now);
  }

  async function finishOne(job: Job, step: PlannedStep, end: StepEnd): Promise<boolean> {
    await db.transaction().execute(async (trx) => {
      await finishStep(trx, job.run.number, step.id, { ...end, at: now() });
      await record(trx, job, {
        key: `step:${step.id}:finished`,
        fact: { kind: "step.finished", run: job.run.number, step: step.id, title: step.title, ...end },
      });
      await showRun(trx, job);
    });
    wakeOutbox();
    return goesOn(step, end.outcome);
  }

  async function stopAsked(run: number): Promise<boolean> {
    return (await runByNumber(db, run))?.stop_asked_at !== null;
  }

  async function contextOf({ run, stored }: Job, step: PlannedStep): Promise<ActionContext> {
    const { app, environment, actor } = run;
    const position = stored.plan.steps.findIndex(({ id }) => id === step.id);
    return planner.context({ app, environment, actor, before: stored.plan.steps.slice(0, position) });
  }

  async function showWaiting(job: Job, waitingFor: string): Promise<void> {
    onWaiting?.(waitingFor);
    await showRun(db, job, { waitingFor });
    wakeOutbox();
  }

  /** Why a step must not act any more; null: it may. */
  async function halted({ run }: Job, step: PlannedStep): Promise<string | null> {
    if (await stopAsked(run.number)) return "Stopped before this step acted.";
    if (await holdsLocks(db, step.targets.map(targetKey), run.number)) return null;
    return "Another run took the lock over before this step acted.";
  }

  /**
   * Acts at most once as far as the world can tell: looks before every write, and again after a lost race. `begun` = an
   * attempt before this one was interrupted, so that a write may be on its way.
   */
  async function act(
    job: Job,
    step: PlannedStep,
    action: Action,
    { until, begun }: { until: Date; begun: boolean },
  ): Promise<StepEnd | "acted"> {
    const where = await contextOf(job, step);
    let sent = begun;
    let problem = "There was no time left to act";
    function notActed(outcome: "stopped" | "refused", why: string): StepEnd {
      if (!sent) return { outcome, detail: why, evidence: [] };
      const detail = `${why} A write that was sent before may still arrive: look at the workload itself.`;
      return { outcome: "unknown", detail, evidence: [] };
    }
    for (;;) {
      let writing = false;
      try {
        const seen = await action.observe(step.state, where, job.run.created_at);
        if (seen.state === "done") return "acted";
        if (seen.state === "failed" || seen.state === "diverged")
          return notActed("refused", `${seen.detail}.`);
        if (seen.state === "pending") {
          const halt = await halted(job, step);
          if (halt !== null) return notActed("stopped", halt);
          if (now() >= until) return notActed("refused", `${problem}. Plan again.`);
          writing = true;
          await action.apply?.(step.state, where);
          return "acted";
        }
      } catch (error) {
        const no = clearNo(error);
        if (no !== null) return notActed("refused", no);
        problem = passing(error).message;
        sent ||= writing && isError(error, "ClusterUnreachable");
        await showWaiting(job, `${problem}; trying again`);
        if (await stopAsked(job.run.number)) return notActed("stopped", `Stopped. ${problem}.`);
      }
      if (now() >= until) return notActed("refused", `${problem}. Plan again.`);
      await pause(where, false, stops.signal(job.run.number));
    }
  }

  /** Waits until the world says how the step ended, it is out of time, or somebody asks to stop. */
  async function watch(
    job: Job,
    step: PlannedStep,
    action: Action,
    times: { since: Date; until: Date },
  ): Promise<StepEnd> {
    const where = await contextOf(job, step);
    let shown = "";
    for (;;) {
      const { seen, read } = await look(action, step, where, times.since);
      if (seen.state !== "pending") return ended(seen);
      if (await stopAsked(job.run.number))
        return { outcome: "stopped", detail: `Stopped while waiting: ${seen.detail}`, evidence: [] };
      if (now() >= times.until) {
        const detail = `Not there after ${formatDuration(step.timeout)}: ${seen.detail}`;
        return { outcome: step.verifies || !read ? "unknown" : "failed", detail, evidence: [] };
      }
      if (seen.detail !== shown) {
        shown = seen.detail;
        await showWaiting(job, shown);
      }
      await pause(where, read && step.calls.length > 0, stops.signal(job.run.number));
    }
  }

  async function carryOut(number: number, stepId: string): Promise<boolean> {
    const job = await load(number);
    const position = job.stored.plan.steps.findIndex((step) => step.id === stepId);
    const step = job.stored.plan.steps[position];
    const action = step && actions.get(step.action);
    if (!step || !action) throw new Error(`Run ${number} has no step ${stepId} that can be carried out`);
    const row = await db.transaction().execute(async (trx) => {
      const intended = await intendStep(trx, number, { position, document: step, at: now() });
      await record(trx, job, {
        key: `step:${step.id}:intended`,
        fact: { kind: "step.intended", run: number, step: step.id, title: step.title },
      });
      await showRun(trx, job);
      return intended;
    });
    wakeOutbox();
    if (row.phase === "finished") return goesOn(step, row.outcome ?? "unknown");
    const until = addMilliseconds(row.intended_at, step.timeout);
    if (action.apply !== undefined && row.phase === "intended") {
      const acted = tooLate(job) ?? (await act(job, step, action, { until, begun: row.begun }));
      if (acted !== "acted") return finishOne(job, step, acted);
      await markActed(db, number, step.id, now());
    }
    return finishOne(job, step, await watch(job, step, action, { since: row.intended_at, until }));
  }

  /** A yes is good for as long as a plan may wait for it: a run that nobody began in that time changes nothing. */
  function tooLate({ run, stored }: Job): StepEnd | null {
    const age = (run.started_at ?? run.created_at).getTime() - run.created_at.getTime();
    if (age <= stored.expiresAt.getTime() - stored.createdAt.getTime()) return null;
    const detail = `The yes was ${formatDuration(age)} old before crai could begin. Plan again.`;
    return { outcome: "refused", detail, evidence: [] };
  }

  async function conclude(job: Job, end: RunEnd, offered: readonly Button[]): Promise<void> {
    const { number } = job.run;
    await db.transaction().execute(async (trx) => {
      // Rows are locked in one order everywhere (incident, plan or run, stream, lock, outbox), so that nobody waits in a circle.
      if (!(await finishRun(trx, number, { ...end, at: now() }))) return;
      if (job.stored.plan.incident !== null) await voidOvertaken(trx, job.stored.plan.incident, now());
      await record(trx, job, { key: "finished", fact: { kind: "run.finished", run: number, ...end } });
      await releaseLocks(trx, number);
      await showRun(trx, job, { offers: offered });
      await showCard(trx, job);
    });
    wakeOutbox();
  }

  return {
    async begin(number) {
      const job = await load(number);
      await db.transaction().execute(async (trx) => {
        await markRunning(trx, number, now());
        await record(trx, job, {
          key: "started",
          fact: { kind: "run.started", run: number, plan: job.stored.number, title: job.stored.plan.title },
        });
        await showRun(trx, job);
        await showCard(trx, job);
      });
      wakeOutbox();
      return job.stored.plan.steps.map((step) => step.id);
    },

    carryOut,

    async finish(number) {
      const job = await load(number);
      const end = judge(job.stored.plan, await stepsOf(db, number));
      await conclude(job, end, await offers({ ...job.run, ...end, status: "finished" }, job.stored.plan));
    },

    async abandon(number, error) {
      const reference = `R${number}-${now().getTime().toString(36)}`;
      log.error({ err: error, run: number, reference }, "run broke");
      const detail = `Something broke on our side (reference ${reference}). Look at the workload itself before you act again.`;
      await conclude(await load(number), { outcome: "unknown", verdict: null, detail }, []);
    },

    async lose(number) {
      const acted = (await stepsOf(db, number)).some((step) => step.document.mutates);
      await conclude(await load(number), lost(acted), []);
    },

    async stop(number, actor, reason) {
      const job = await load(number);
      // The same ask again, after a crash: it was heard.
      if (job.run.stop_asked_by !== null && sameActor(job.run.stop_asked_by, actor)) return job.run;
      if (job.run.status === "finished")
        throw new UserError(`R${number} has ended already.`, {
          why: runSummary(job.run, job.stored.plan),
          next: `\`undo R${number}\` plans its inverse.`,
        });
      await db.transaction().execute(async (trx) => {
        if (!(await askToStop(trx, number, actor, now()))) return;
        await record(trx, job, {
          key: "stop-asked",
          actor,
          fact: { kind: "run.stop-asked", run: number, reason },
        });
        await showRun(trx, job);
      });
      stops.ask(number);
      wakeOutbox();
      return (await runByNumber(db, number)) ?? job.run;
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

/** One look at the world; what could not be read is looked at again until the step is out of time. */
async function look(
  action: Action,
  step: PlannedStep,
  where: ActionContext,
  since: Date,
): Promise<{ seen: Observation; read: boolean }> {
  try {
    return { seen: await action.observe(step.state, where, since), read: true };
  } catch (error) {
    if (isRefusal(error, "not-found"))
      return { seen: { state: "failed", detail: error.message, evidence: [] }, read: true };
    if (isUserError(error)) return { seen: { state: "unknown", detail: inWords(error) }, read: true };
    if (isError(error, "ClusterUnreachable"))
      return { seen: { state: "pending", detail: `${error.message}; trying again` }, read: false };
    throw error;
  }
}

/** Neither a yes nor a no: a lost race, or no answer. Throws what is something else. */
function passing(error: unknown): Error {
  if (isError(error, "PatchConflict") || isError(error, "ClusterUnreachable")) return error;
  throw error;
}

/** What a refused write was refused for; null: it is no clear no. */
function clearNo(error: unknown): string | null {
  if (isError(error, "PlanDrifted")) return `${error.message}. This step changed nothing; plan again.`;
  return isUserError(error) ? inWords(error) : null;
}

function inWords(error: UserError): string {
  return error.why === undefined ? error.message : `${error.message} ${error.why}`;
}

/** A step that reads the cluster wakes as soon as its workload changes; any other looks again after a while. */
async function pause(where: ActionContext, watches: boolean, signal: AbortSignal): Promise<void> {
  if (watches) return where.cluster.changed(where.target, LOOK_EVERY, signal);
  await setTimeout(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
}

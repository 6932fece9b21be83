import type { Plan } from "../domain/plan.ts";
import { endName, runSummary } from "../engine/runs/run-view.ts";
import type { StoredPlan } from "../store/plans.ts";
import { planByNumber } from "../store/plans.ts";
import { runByNumber, runOfPlan, stepsOf } from "../store/runs.ts";
import type { Row } from "../store/tables.ts";
import { pause, type Session } from "./session.ts";

export interface Progress {
  /** One line. */
  say: (text: string) => void;
  /** Aborted by the first Ctrl-C. */
  interrupted: AbortSignal;
}

const marks = { true: "✓", false: "✗", null: "?" } as const;

function stepLines(step: Row<"run_step">): string[] {
  const end = endName(step.outcome ?? "unknown", null).toLowerCase();
  const detail = step.detail === null ? "" : `: ${step.detail}`;
  return [`  ${end}${detail}`, ...step.evidence.map(({ ok, what }) => `  ${marks[`${ok}`]} ${what}`)];
}

async function finished(session: Session, number: number): Promise<Row<"run">> {
  const run = await runByNumber(session.uses.db, number);
  if (!run) throw new Error(`Run ${number} is gone`);
  return run;
}

function sayEnd({ say }: Progress, run: Row<"run">, plan: Plan): void {
  say(runSummary(run, plan));
  if (run.detail !== null) say(`  ${run.detail}`);
  if (run.outcome === "unknown" || run.verdict === "not-cured" || run.verdict === "stuck")
    say(`Next: crai status ${run.app} --env ${run.environment}, or crai undo R${run.number}`);
}

/** Carries a run out in this process, with the caller's own credentials. The caller holds its plan. */
export async function carryOutHere(
  session: Session,
  stored: StoredPlan,
  progress: Progress,
): Promise<Row<"run">> {
  const { uses, runs, actor } = session;
  const { number } = (await runOfPlan(uses.db, stored.number))!;
  const { say, interrupted } = progress;
  say(`R${number} runs in this terminal: ${stored.plan.title}`);
  const stop = (): void => {
    say("Stopping before the next change; press Ctrl-C again to leave it as unknown.");
    runs
      .stop(number, actor, "Ctrl-C")
      .catch((error: unknown) => say(`It could not be stopped: ${String(error)}`));
  };
  interrupted.addEventListener("abort", stop, { once: true });
  try {
    await runs.begin(number);
    await runs.carryOut(number, {
      begun: ({ title }) => say(`→ ${title}`),
      ended: (row) => {
        for (const line of stepLines(row)) say(line);
      },
    });
    await runs.finish(number);
  } catch (error) {
    await runs.abandon(number, error);
  } finally {
    interrupted.removeEventListener("abort", stop);
  }
  const run = await finished(session, number);
  sayEnd(progress, run, stored.plan);
  return run;
}

/** Tells how a run goes that another process carries out. Ctrl-C ends the telling, not the run. */
export async function follow(session: Session, stored: StoredPlan, progress: Progress): Promise<Row<"run">> {
  const { db } = session.uses;
  const { number } = (await runOfPlan(db, stored.number))!;
  const told = new Set<string>();
  for (;;) {
    const run = await finished(session, number);
    for (const step of await stepsOf(db, number)) {
      if (!told.has(step.step)) progress.say(`→ ${step.document.title}`);
      told.add(step.step);
      if (step.phase !== "finished" || told.has(`${step.step}:end`)) continue;
      told.add(`${step.step}:end`);
      for (const line of stepLines(step)) progress.say(line);
    }
    if (run.status === "finished") {
      sayEnd(progress, run, stored.plan);
      return run;
    }
    if (progress.interrupted.aborted) {
      progress.say(`R${number} goes on without this terminal. Next: crai stop R${number}`);
      return run;
    }
    await pause(progress.interrupted);
  }
}

/**
 * Waits for another person's answer. The plan is held meanwhile, so that its run is carried out here, with the
 * requester's own credentials, wherever the yes is given.
 */
export async function awaitAnswer(
  session: Session,
  stored: StoredPlan,
  progress: Progress,
): Promise<StoredPlan> {
  const { uses, now } = session;
  const { db, approvals } = uses;
  await session.terminal.hold(stored.number);
  for (;;) {
    const current = (await planByNumber(db, stored.number)) ?? stored;
    if (current.status !== "waiting" || progress.interrupted.aborted) return current;
    if (now() >= current.expiresAt) await approvals.expire(stored.number);
    await pause(progress.interrupted);
  }
}

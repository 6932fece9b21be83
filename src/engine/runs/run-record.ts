import type { Actor } from "../../domain/actor.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import type { Attachment, Button } from "../../domain/view.ts";
import type { Queries } from "../../store/database.ts";
import { approvalsOf, planByNumber, type StoredPlan } from "../../store/plans.ts";
import { runByNumber, stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { line } from "../page.ts";
import { noRun } from "../commands/references.ts";
import { elsewhereOf, placeOf, say, show, streamOf } from "../record.ts";
import type { RunsOptions } from "./run-options.ts";
import { runReport } from "./run-report.ts";
import { type RunShown, runView } from "./run-view.ts";

/** A run with the plan it carries out. */
export interface Job {
  run: Row<"run">;
  stored: StoredPlan;
}

export interface RunRecord {
  load(run: number): Promise<Job>;
  append(trx: Queries, job: Job, entry: { key: string; fact: Fact; actor?: Actor }): Promise<void>;
  /** Brings the run's one message up to date. */
  show(
    trx: Queries,
    job: Job,
    more?: { waitingFor?: RunShown["waitingFor"]; offers?: readonly Button[] },
  ): Promise<void>;
  /** In the thread of its message. */
  showFiles(
    trx: Queries,
    job: Job,
    step: Pick<PlannedStep, "id" | "title">,
    what: { as: "picture" | "files"; files: Attachment[] },
  ): Promise<void>;
  showCard(trx: Queries, job: Job): Promise<void>;
  showWaiting(job: Job, step: string, text: string): Promise<void>;
  stopAsked(run: number): Promise<boolean>;
}

/** How a run is read, written down and shown; nothing here acts. */
export function createRunRecord(options: RunsOptions): RunRecord {
  const { db, actions, announce, showIncident, wakeOutbox, onWaiting, now } = options;
  const showRun: RunRecord["show"] = async (trx, { run: { number }, stored }, more = {}) => {
    const place = placeOf(stored.plan.incident, stored.channel, announce);
    if (place === null) return;
    const run = await runByNumber(trx, number);
    const steps = await stepsOf(trx, number);
    if (!run) return;
    const shown = {
      run,
      plan: stored.plan,
      steps,
      approvals: await approvalsOf(trx, run.plan),
      waitingFor: more.waitingFor ?? null,
      offers: more.offers ?? [],
    };
    const report = runReport(actions, shown);
    const view = report?.view ?? runView(shown);
    const about = stored.plan.incident;
    const elsewhere = elsewhereOf(run.actor, announce);
    await show(
      trx,
      { key: `run:${number}`, about },
      { do: "post", channel: place, view, ...elsewhere },
      now(),
    );
    if (report === null) return;
    const details = { do: "post", channel: place, view: report.details, under: `run:${number}` } as const;
    await say(trx, { key: `run:${number}:details`, about }, details, now());
  };

  return {
    show: showRun,

    async load(number) {
      const run = await runByNumber(db, number);
      const stored = run && (await planByNumber(db, run.plan));
      if (!run || !stored) throw noRun(number);
      return { run, stored };
    },

    async append(trx, { run, stored }, { key, fact, actor = run.actor }) {
      await appendEntry(trx, {
        stream: streamOf(stored.plan.incident, stored.number),
        at: now(),
        key: `run:${run.number}:${key}`,
        actor,
        fact,
      });
    },

    async showFiles(trx, { run: { number }, stored }, { id, title }, { as, files }) {
      const place = placeOf(stored.plan.incident, stored.channel, announce);
      if (place === null) return;
      const telling = { key: `run:${number}:step:${id}:${as}`, about: stored.plan.incident };
      const post = { do: "post", channel: place, view: line(title), under: `run:${number}` } as const;
      await say(trx, telling, { ...post, attachments: files }, now());
    },

    async showCard(trx, { stored }) {
      if (stored.plan.incident !== null) await showIncident(trx, stored.plan.incident);
    },

    async showWaiting(job, step, text) {
      onWaiting?.(text);
      await showRun(db, job, { waitingFor: { step, text } });
      wakeOutbox();
    },

    async stopAsked(run) {
      return (await runByNumber(db, run))?.stop_asked_at !== null;
    },
  };
}

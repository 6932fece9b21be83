import type { PlannedStep } from "../../domain/plan.ts";
import type { Queries } from "../../store/database.ts";
import { stepOf } from "../../store/runs.ts";
import { answersOf } from "../../store/step-answers.ts";
import type { Action } from "../playbooks/action.ts";
import type { Json } from "../ports.ts";
import { placeOf, show } from "../record.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job } from "./run-record.ts";

export type AskPeople = (
  trx: Queries,
  job: Job,
  step: Pick<PlannedStep, "id" | "title" | "state">,
  about: { action: Action; open: boolean },
) => Promise<void>;

/** Keeps the one message in which a step asks people up to date: who has answered what, what is open, what is overdue. */
export function createAskPeople({ announce, now }: Pick<RunsOptions, "announce" | "now">): AskPeople {
  return async (trx, { run, stored }, step, { action, open }) => {
    const place = placeOf(stored.plan.incident, stored.channel, announce);
    if (action.people === undefined || place === null) return;
    const answers = await answersOf(trx, run.number, step.id);
    const row = await stepOf(trx, run.number, step.id);
    const view = action.people.ask(step.state, {
      run: run.number,
      step: step.id,
      title: step.title,
      answers,
      found: (row?.found ?? null) as Json | null,
      open,
      since: row?.intended_at ?? now(),
      now: now(),
    });
    const key = `run:${run.number}:step:${step.id}`;
    await show(trx, { key, about: stored.plan.incident }, { do: "post", channel: place, view }, now());
  };
}

import { actorName, type Person, sameActor } from "../../domain/actor.ts";
import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { planScopes } from "../../domain/plan.ts";
import type { StepAnswer } from "../../domain/run.ts";
import { stepsOf } from "../../store/runs.ts";
import { answersOf, insertAnswer, stepsAnsweredBy } from "../../store/step-answers.ts";
import type { Row } from "../../store/tables.ts";
import type { Authorizer } from "../authorizer.ts";
import type { Action, People } from "../playbooks/action.ts";
import type { Json } from "../ports.ts";
import { createAskPeople } from "./ask-people.ts";
import type { RunsOptions } from "./run-options.ts";
import type { Job, RunRecord } from "./run-record.ts";

/** What a person says to a step: a choice or a value, or that an item of a checklist is so, or is not. */
export interface Said {
  run: number;
  step: string;
  /** The item of a checklist; null: the step itself. */
  item: string | null;
  text: string;
  note: string | null;
  actor: Person;
}

interface Open {
  row: Row<"run_step">;
  action: Action;
  people: People;
}

export interface AnswerOptions extends RunsOptions {
  authorizer: Pick<Authorizer, "demand" | "roles">;
}

export function createAnswerStep(options: AnswerOptions, record: RunRecord) {
  const { db, actions, authorizer, stops, wakeOutbox, now } = options;
  const askPeople = createAskPeople(options);

  async function openStep({ run, step }: Said): Promise<Open> {
    const rows = await stepsOf(db, run);
    const row = rows.find((one) => one.step === step);
    const action = row && actions.get(row.document.action);
    const asking = rows.filter(
      (one) => one.phase !== "finished" && actions.get(one.document.action)?.people !== undefined,
    );
    if (!row || !action?.people)
      throw new UserError(`R${run} asks nothing as ${quoted(step)}.`, {
        why:
          asking.length === 0
            ? "It waits for nobody."
            : `It waits for an answer to ${asking.map((one) => one.step).join(", ")}.`,
        next: `\`runs R${run}\` shows how it stands.`,
      });
    if (row.phase === "finished")
      throw new UserError(`${row.document.title} is answered already.`, {
        why: row.evidence.map(({ what }) => what).join("; ") || (row.detail ?? "The run went on."),
        next: `\`runs R${run}\` shows how it stands.`,
      });
    return { row, action, people: action.people };
  }

  /** What this person has told the run, other than to agree to it: nobody agrees to their own words. */
  async function saidBefore(run: number, actor: Person): Promise<string | undefined> {
    const answered = await stepsAnsweredBy(db, run, actor);
    const rows = await stepsOf(db, run);
    return rows.find(
      ({ step, document }) =>
        answered.includes(step) && actions.get(document.action)?.people?.another === false,
    )?.document.title;
  }

  async function demand({ run, stored }: Job, { row, people }: Open, { actor, item }: Said): Promise<void> {
    for (const scope of planScopes(stored.plan)) await authorizer.demand(actor, people.permission, scope);
    if (people.another && sameActor(actor, run.actor))
      throw new UserError("Somebody else has to say yes.", {
        why: `You asked for R${run.number} yourself.`,
        next: "Ask somebody who may approve.",
      });
    const own = people.another ? await saidBefore(run.number, actor) : undefined;
    if (own !== undefined)
      throw new UserError("Somebody else has to say yes.", {
        why: `You answered ${quoted(own)} of R${run.number} yourself, and it builds on that.`,
        next: "Ask somebody who may approve.",
      });
    const by = people.by(row.document.state, item);
    if (by !== null && !(await authorizer.roles(actor)).has(by))
      throw new UserError(`Only ${by} may answer this.`, {
        why: `You do not hold the access role ${by}.`,
        next: `Ask somebody who does; \`whoami\` shows what you hold.`,
      });
  }

  return async (said: Said): Promise<StepAnswer> => {
    const job = await record.load(said.run);
    // What a run asks is said only to whoever may see it.
    for (const scope of planScopes(job.stored.plan)) await authorizer.demand(said.actor, "run:read", scope);
    const open = await openStep(said);
    await demand(job, open, said);
    const { document } = open.row;
    const { item, value } = open.people.read(document.state, {
      ...said,
      answers: await answersOf(db, said.run, said.step),
      found: (open.row.found ?? null) as Json | null,
    });
    const answer: StepAnswer = { item, value, actor: said.actor, note: said.note, at: now() };
    const { stands, isNew } = await db.transaction().execute(async (trx) => {
      const kept = await insertAnswer(trx, said, answer);
      if (!kept.isNew) return kept;
      await record.append(trx, job, {
        key: `step:${said.step}:answer:${item}`,
        actor: said.actor,
        fact: {
          kind: "step.answered",
          run: said.run,
          step: said.step,
          title: open.people.itemText(document.state, item) ?? document.title,
          answer: value === null ? "" : typeof value === "boolean" ? (value ? "yes" : "no") : String(value),
          note: said.note,
        },
      });
      await askPeople(trx, job, document, { action: open.action, open: true });
      return kept;
    });
    // Whoever waits looks again at once.
    stops.ask(said.run);
    wakeOutbox();
    if (!isNew && !(sameActor(stands.actor, said.actor) && stands.value === value))
      throw new UserError("It is answered already.", {
        why: `${actorName(stands.actor)} said ${String(stands.value)} at ${stands.at.toISOString().slice(11, 19)} UTC.`,
        next: `\`runs R${said.run}\` shows how it stands.`,
      });
    return stands;
  };
}

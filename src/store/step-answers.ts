import { sql } from "kysely";
import type { Person } from "../domain/actor.ts";
import type { StepAnswer } from "../domain/run.ts";
import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

function toAnswer({ item, actor, value, note, at }: Row<"step_answer">): StepAnswer {
  return { item, actor, value: value.is, note, at };
}

/** Oldest first. */
export async function answersOf(db: Queries, run: number, step: string): Promise<StepAnswer[]> {
  const rows = await db
    .selectFrom("step_answer")
    .selectAll()
    .where("run", "=", run)
    .where("step", "=", step)
    .orderBy("at")
    .orderBy("item")
    .execute();
  return rows.map(toAnswer);
}

/** The steps of a run that this person has answered. */
export async function stepsAnsweredBy(db: Queries, run: number, actor: Person): Promise<string[]> {
  const rows = await db
    .selectFrom("step_answer")
    .select("step")
    .distinct()
    .where("run", "=", run)
    .where(sql`actor ->> 'kind'`, "=", actor.kind)
    .where(sql`actor ->> 'id'`, "=", actor.id)
    .execute();
  return rows.map(({ step }) => step);
}

/** The first answer of a person to an item counts, before what crai ticked itself. Returns the one that stands, and whether it is this one. */
export async function insertAnswer(
  trx: Queries,
  { run, step }: { run: number; step: string },
  answer: StepAnswer,
): Promise<{ stands: StepAnswer; isNew: boolean }> {
  const { item, note, at } = answer;
  const given = {
    actor: JSON.stringify(answer.actor),
    value: JSON.stringify({ is: answer.value }),
    note,
    at,
  };
  const isPerson = answer.actor.kind === "person";
  const made = await trx
    .insertInto("step_answer")
    .values({ run, step, item, ...given })
    .onConflict((conflict) => {
      const same = conflict.columns(["run", "step", "item"]);
      return isPerson
        ? same.doUpdateSet(given).where(sql<boolean>`step_answer.actor->>'kind' <> 'person'`)
        : same.doNothing();
    })
    .returning("item")
    .executeTakeFirst();
  if (made) return { stands: answer, isNew: true };
  const row = await trx
    .selectFrom("step_answer")
    .selectAll()
    .where("run", "=", run)
    .where("step", "=", step)
    .where("item", "=", item)
    .executeTakeFirstOrThrow();
  return { stands: toAnswer(row), isNew: false };
}

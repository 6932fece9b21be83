import type { Queries } from "../../store/database.ts";
import { stepsOf } from "../../store/runs.ts";
import { answersOf } from "../../store/step-answers.ts";
import type { Row } from "../../store/tables.ts";
import type { OpenItem } from "../playbooks/action.ts";
import type { Actions } from "../playbooks/loaded.ts";

/** What a run waits for people to do. */
export async function openItems(
  db: Queries,
  actions: Actions,
  { number }: Pick<Row<"run">, "number">,
): Promise<OpenItem[]> {
  const waiting = (await stepsOf(db, number)).filter(({ phase }) => phase !== "finished");
  const found = await Promise.all(
    waiting.map(async ({ step, document: { action: name, state, title } }) => {
      const people = actions.get(name)?.people;
      if (people === undefined) return [];
      return people.open?.(state, await answersOf(db, number, step)) ?? [{ text: title, owner: null }];
    }),
  );
  return found.flat();
}

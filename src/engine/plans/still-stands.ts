import type { Row } from "../../store/tables.ts";

/** In front of the id of the step that is put back. */
export const BACK = "back/";

/** What a run has put back by itself, and the steps it did so with: there is nothing of it left to undo. */
export function stillStands(rows: readonly Row<"run_step">[]): Row<"run_step">[] {
  const back = new Set(
    rows
      .filter(({ step, outcome }) => step.startsWith(BACK) && outcome === "succeeded")
      .map(({ step }) => step),
  );
  return rows.filter(({ step }) => !step.startsWith(BACK) && !back.has(`${BACK}${step}`));
}

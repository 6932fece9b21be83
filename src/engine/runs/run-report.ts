import type { Block, View } from "../../domain/view.ts";
import type { Json } from "../ports.ts";
import type { Actions } from "../playbooks/loaded.ts";
import { type RunShown, runView } from "./run-view.ts";

export interface RunReport {
  /** Stands in place of the run's steps. */
  view: View;
  /** The steps, for the thread. */
  details: View;
}

function withoutButtons({ summary, blocks }: View): View {
  return { summary, blocks: blocks.filter(({ type }) => type !== "buttons") };
}

/** What a run that was to find something out came to, in the words of the action that says so; null: it has none. */
export function runReport(actions: Actions, shown: RunShown): RunReport | null {
  const { run, steps } = shown;
  if (run.status !== "finished") return null;
  for (const { document, found } of steps.toReversed()) {
    const said = found === null ? null : actions.get(document.action)?.report?.(found as Json);
    if (!said) continue;
    const details = withoutButtons(runView(shown));
    const notes = details.blocks.filter(({ type }) => type === "note");
    const isButtons = ({ type }: Block): boolean => type === "buttons";
    const blocks = [
      ...said.blocks.filter((block) => !isButtons(block)),
      ...notes,
      ...said.blocks.filter(isButtons),
    ];
    return { view: { summary: `R${run.number} ${said.summary}`, blocks }, details };
  }
  return null;
}

import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Plan } from "../domain/plan.ts";
import { Tally, type Ticked } from "../domain/tally.ts";
import type { Block, Inline, LabeledText, View } from "../domain/view.ts";
import type { Row } from "../store/tables.ts";
import { page } from "./page.ts";
import { actorInline } from "./people.ts";
import { runEnd } from "./runs/run-view.ts";

export interface PreflightShown {
  run: Row<"run">;
  plan: Plan;
  steps: readonly Row<"run_step">[];
  /** Whether deploys to this environment demand one, and for how many ms it counts. */
  demands: { required: boolean; within: number };
}

const marks = { so: "☑", "not so": "☒", overridden: "⚠", open: "☐" } as const;

/** `☑ What has to be so · what crai found · who said so, and when` */
function itemText({ text, is, found, said }: Ticked): Inline[] {
  const yes = said?.yes === true ? "" : "not so, ";
  return [
    `${marks[is]} `,
    { bold: text },
    ...(found === null ? [] : [` · ${found.what}`]),
    ...(said === null
      ? []
      : [
          ` · ${yes}${said.by} at ${said.at.slice(0, 16).replace("T", " ")} UTC${said.note === null ? "" : ` (${said.note})`}`,
        ]),
  ];
}

function tallies(steps: PreflightShown["steps"]): { title: string; tally: Tally }[] {
  return steps.flatMap(({ document, found }) => {
    const tally = Tally.safeParse(found).data;
    return tally === undefined ? [] : [{ title: document.title, tally }];
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function factsOf({ run, demands }: PreflightShown, lists: { tally: Tally }[]): LabeledText[] {
  const names = lists.flatMap(({ tally }) => tally.items.flatMap(({ said }) => said?.by ?? []));
  const signed = [...new Set(names)].join(", ");
  const ended = run.finished_at;
  const passed = ended !== null && run.outcome === "succeeded";
  return [
    { label: "Record", value: [`R${run.number}, started by `, actorInline(run.actor)] },
    ...(ended === null
      ? []
      : [{ label: passed ? "Signed off" : "Ended", value: [{ time: ended, as: "date" }] as Inline[] }]),
    ...(signed === "" ? [] : [{ label: "Attested by", value: signed }]),
    ...(passed && demands.required
      ? [
          {
            label: "Good for a deploy until",
            value: [{ time: addMilliseconds(ended, demands.within), as: "date" }] as Inline[],
          },
        ]
      : []),
  ];
}

/** The dated record of a pre-deployment checklist: what was found, who vouches for the rest, and until when it counts. */
export function preflightView(shown: PreflightShown): View {
  const { run, plan, steps } = shown;
  const lists = tallies(steps);
  const open = lists.flatMap(({ tally }) => tally.items).filter(({ is }) => is === "open").length;
  const end = run.status === "finished" ? runEnd(run) : `${open} still open`;
  const tag = plan.inputs["tag"];
  const what = `Pre-deployment checklist${typeof tag === "string" ? ` of ${tag}` : ""} for ${run.environment}`;
  return page(
    `${what}: ${run.outcome === "succeeded" ? "passed" : end.toLowerCase()}`,
    { type: "facts", facts: factsOf(shown, lists) },
    ...lists.flatMap(({ title, tally }): Block[] => [
      {
        type: "text",
        text: [
          { bold: capital(title) },
          ` · ${tally.items.filter(({ is }) => is === "so").length} of ${tally.items.length}`,
        ],
      },
      { type: "list", items: tally.items.map(itemText) },
    ]),
  );
}

import { parseISO } from "date-fns/parseISO";
import { z } from "zod";
import type { Block, Button, Inline, View } from "../../domain/view.ts";
import type { Json } from "../../engine/ports.ts";
import type { Finding } from "./judge.ts";
import { buttonOf, isOffered } from "./resolutions.ts";
import { type Offer, type Symptom, symptoms } from "./rule.ts";

const Report = z.object({
  symptom: z.enum(Object.keys(symptoms) as [Symptom, ...Symptom[]]),
  app: z.string(),
  environment: z.string(),
  findings: z.array(
    z.object({ id: z.string(), what: z.string(), evidence: z.array(z.string()), score: z.number() }),
  ),
  /** Metrics over their targets. */
  metrics: z.array(z.string()),
  changes: z.array(z.object({ at: z.string(), what: z.string() })),
  blind: z.array(z.object({ what: z.string(), why: z.string() })),
  buttons: z.array(z.object({ label: z.string(), command: z.string() })),
});
type Report = z.infer<typeof Report>;

const mostShown = 4;
/** Characters of one line; the whole of it is in the thread. */
const longestEvidence = 180;
const mostButtons = 4;

/** One button for each thing that may help, in the order of the findings; with none, where to look on. */
export function buttonsOf(
  found: readonly Finding[],
  { app, environment, offer }: { app: string; environment: string; offer: readonly Offer[] },
): { label: string; command: string }[] {
  const wanted = [...found.flatMap(({ resolutions }) => resolutions), { do: "status" } as const];
  const buttons = wanted
    .filter((resolution) => isOffered(resolution, offer))
    .map((resolution) => buttonOf(resolution, { app, environment }));
  return [...new Map(buttons.map((button) => [button.command, button])).values()].slice(0, mostButtons);
}

/** In words, because the number means little to whoever reads it. */
function fitText(score: number): string {
  if (score >= 0.75) return "fits well";
  return score >= 0.5 ? "fits" : "may add to it";
}

function shortened(text: string, longest = longestEvidence): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}

/** The same line may speak for several findings; it is read once, and one that has no line of its own adds nothing. */
function findingBlocks(findings: Report["findings"]): Block[] {
  const told = new Set<string>();
  const blocks: Block[] = [];
  for (const { what, evidence, score } of findings) {
    const fresh = evidence.filter((one) => !told.has(one));
    if (evidence.length > 0 && fresh.length === 0) continue;
    const number = blocks.length + 1;
    if (number > mostShown) break;
    const again = evidence.find((one) => told.has(one));
    for (const one of fresh) told.add(one);
    const lines: Inline[] = [
      ...(again === undefined ? [] : [`\n• As above: ${shortened(again, 60)}`]),
      ...fresh.map((one) => `\n• ${shortened(one)}`),
    ];
    blocks.push({ type: "text", text: [{ bold: `${number}. ${what}` }, ` (${fitText(score)})`, ...lines] });
  }
  return blocks;
}

function changeItem({ at, what }: Report["changes"][number]): Inline[] {
  return [{ time: parseISO(at), as: "relative" }, ` ${what}`];
}

/** What a diagnosis comes to, for the message of its run. */
export function reportView(values: Json): View | null {
  const report = Report.safeParse(values).data;
  if (report === undefined) return null;
  const { symptom, app, environment, findings, metrics, changes, blind } = report;
  const [first] = findings;
  const about = `${app} in ${environment}: ${symptoms[symptom]}`;
  const summary =
    first === undefined ? `${about}. Nothing found that explains it` : `${about}. ${first.what}`;
  const buttons: Button[] = report.buttons.map((button, index) => ({
    ...button,
    ...(index === 0 && first !== undefined && { style: "primary" as const }),
  }));
  const blocks: Block[] = [
    { type: "heading", text: `What explains ${symptoms[symptom]} of ${app}` },
    ...(metrics.length === 0 ? [] : [{ type: "text", text: metrics.join(" · ") } as const]),
    ...(first === undefined
      ? [
          {
            type: "text",
            text: `Nothing was found that explains it. What was looked at is in the thread.`,
          } as const,
        ]
      : findingBlocks(findings)),
    ...(changes.length === 0
      ? []
      : [
          { type: "text", text: [{ bold: "Changed lately" }] } as const,
          { type: "list", items: changes.map(changeItem) } as const,
        ]),
    ...(blind.length === 0
      ? []
      : [
          {
            type: "note",
            text: `Not seen: ${blind.map(({ what, why }) => `${what} (${why})`).join("; ")}`.slice(0, 900),
          } as const,
        ]),
    ...(buttons.length === 0 ? [] : [{ type: "buttons", buttons } as const]),
  ];
  return { summary, blocks };
}

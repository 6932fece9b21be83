import type { PlannedStep } from "../../domain/plan.ts";
import type { Attachment } from "../../domain/view.ts";
import type { Action } from "../playbooks/action.ts";
import type { Json } from "../ports.ts";
import type { RunsOptions } from "./run-options.ts";

/** The picture of what a step found; null: it has none, or it cannot be drawn, which the figures beside it outlive. */
export async function draw(
  { picture }: Pick<Action, "picture">,
  { id, title }: Pick<PlannedStep, "id" | "title">,
  found: unknown,
  { charts, log }: Pick<RunsOptions, "charts" | "log">,
): Promise<Attachment | null> {
  const chart = picture?.((found ?? null) as Json) ?? null;
  if (chart === null) return null;
  try {
    const png = await charts.png(chart);
    const alt = `${chart.title}: ${chart.panels.map((panel) => panel.title).join(", ")}`;
    return { filename: `${id}.png`, title, alt, content: png.toString("base64"), encoding: "base64" };
  } catch (err) {
    log.warn({ err, step: id }, "no picture of what a step found");
    return null;
  }
}

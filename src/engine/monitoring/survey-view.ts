import type { Attachment, Block, Text, View } from "../../domain/view.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { metricText } from "../../domain/metric-text.ts";
import { trendText } from "../../domain/trend.ts";
import { table } from "../page.ts";
import type { Charts } from "../ports.ts";
import type { Panel } from "./panels.ts";
import { chartOf, type Survey, type Surveyed } from "./survey.ts";

/** null: nobody said what it should be, or nobody knows what it is. */
function isMet({ panel: { below, above }, now }: Surveyed): boolean | null {
  if (!now.known || (below === null && above === null)) return null;
  return (below === null || now.value < below) && (above === null || now.value > above);
}

function targetText({ unit, below, above }: Panel): string {
  const bounds = [
    ...(above === null ? [] : [`above ${metricText[unit](above)}`]),
    ...(below === null ? [] : [`below ${metricText[unit](below)}`]),
  ];
  return bounds.join(" and ") || "none";
}

function nowText(surveyed: Surveyed): Text {
  const { panel, now } = surveyed;
  if (!now.known) return `not known: ${now.why}`;
  const text = metricText[panel.unit](now.value);
  const met = isMet(surveyed);
  if (met === null) return text;
  return met ? `✓ ${text}` : { bold: `✗ ${text}` };
}

function rowOf(surveyed: Surveyed): Text[] {
  const { panel, points } = surveyed;
  return [panel.title, nowText(surveyed), targetText(panel), trendText(points) ?? "not known"];
}

/** `2 of 8 targets are missed: Error rate, Latency P95; 1 is not known`. */
function verdict(all: readonly Surveyed[]): string {
  const targets = all.filter(({ panel: { below, above } }) => below !== null || above !== null);
  const missed = targets.filter((one) => isMet(one) === false).map(({ panel }) => panel.title);
  const unknown = targets.filter(({ now }) => !now.known).length;
  if (targets.length === 0) return "None of these has a target.";
  const known = targets.length - unknown;
  const said =
    missed.length > 0
      ? `${missed.length} of ${targets.length} targets missed: ${missed.join(", ")}.`
      : known > 0
        ? `${known} of ${targets.length} targets met.`
        : `None of ${targets.length} targets can be judged.`;
  return unknown === 0 ? said : `${said} ${unknown} not known, which is neither.`;
}

async function pictureOf(
  title: string,
  survey: Survey,
  charts: Pick<Charts, "png"> | null,
): Promise<{ files: Attachment[]; note: string }> {
  const chart = chartOf(title, survey);
  if (chart === null) return { files: [], note: "There are no readings to draw." };
  const lasted = `The trend is that of ${formatDuration(chart.to.getTime() - chart.from.getTime())}.`;
  if (charts === null) return { files: [], note: lasted };
  try {
    const png = await charts.png(chart);
    const filename = `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.png`;
    const alt = `${title}. ${verdict(survey.all)}`;
    return {
      files: [{ filename, title, alt, content: png.toString("base64"), encoding: "base64" }],
      note: lasted,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { files: [], note: `The picture could not be drawn: ${why}. The figures above are whole.` };
  }
}

/** What a survey found, as a table for everybody and, with `charts`, a picture beside it. */
export async function surveyView(
  title: string,
  survey: Survey,
  charts: Pick<Charts, "png"> | null,
): Promise<{ view: View; attachments: Attachment[] }> {
  const { files, note } = await pictureOf(title, survey, charts);
  const said = verdict(survey.all);
  const blocks: Block[] = [
    { type: "heading", text: title },
    { type: "text", text: said },
    table(["Metric", "Now", "Target", "Trend"], survey.all.map(rowOf)),
    { type: "note", text: note },
  ];
  return { view: { summary: `${title}: ${said}`, blocks }, attachments: files };
}

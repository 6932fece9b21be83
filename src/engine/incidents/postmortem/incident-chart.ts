import { parseISO } from "date-fns/parseISO";
import { toDate } from "date-fns/toDate";
import type { Chart, ChartMark } from "../../../domain/chart.ts";
import type { Incident } from "../../../domain/incident.ts";
import type { ReadingsKept } from "../../../domain/readings.ts";
import type { Fact, TimelineEntry } from "../../../domain/timeline.ts";

const names: Partial<Record<Fact["kind"], string>> = {
  "incident.mitigated": "Mitigated",
  "incident.resolved": "Resolved",
  "incident.reopened": "Reopened",
  "episode.began": "Again",
};

/** What is marked of a timeline, and how it is called; undefined: it is not. */
function nameOf(fact: Fact): string | undefined {
  return fact.kind === "run.started" ? `R${fact.run}` : names[fact.kind];
}

/** An incident's metrics with what happened and what was done, as one chart. */
export function incidentChart(
  { channelName, app, environment, detectedAt }: Incident,
  entries: readonly TimelineEntry[],
  { from, to, panels }: ReadingsKept,
): Chart {
  const marks = entries.flatMap(({ at, fact }): ChartMark[] => {
    const label = nameOf(fact);
    return label === undefined ? [] : [{ label, at }];
  });
  return {
    title: `${channelName}: ${app ?? ""}${environment === null ? "" : ` in ${environment}`}`,
    from: parseISO(from),
    to: parseISO(to),
    panels: panels.map(({ points, ...panel }) => ({
      ...panel,
      points: points.map(([at, value]) => ({ at: toDate(at), value })),
    })),
    marks: [{ label: "Detected", at: detectedAt }, ...marks],
  };
}

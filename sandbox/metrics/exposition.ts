import { metricTypes } from "./recorder.ts";
import { type Labels, nameLabel, type SeriesStore } from "./series.ts";

/** Prometheus' text format: the last value of everything, for a real Prometheus to scrape. */
export function exposition(store: SeriesStore): string {
  const lines: string[] = [];
  for (const [name, { type, help }] of Object.entries(metricTypes)) {
    const names = type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
    const series = names.flatMap((each) => store.select(each, []));
    if (series.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { labels, samples } of series)
      lines.push(`${labels[nameLabel]}${written(labels)} ${samples.at(-1)!.value}`);
  }
  return `${lines.join("\n")}\n`;
}

function written(labels: Labels): string {
  const pairs = Object.entries(labels).filter(([name]) => name !== nameLabel);
  const escape = (value: string) =>
    value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `{${pairs.map(([name, value]) => `${name}="${escape(value)}"`).join(",")}}`;
}

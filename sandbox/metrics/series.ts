import type { Matcher } from "./promql/syntax.ts";

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  /** Milliseconds since 1970. */
  at: number;
  value: number;
}

export interface Series {
  labels: Labels;
  samples: Sample[];
}

export const nameLabel = "__name__";

/** Equal for equal labels, whatever their order. */
export function labelsKey(labels: Labels): string {
  const names = Object.keys(labels).sort();
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}

/** The samples that Prometheus would have scraped, for as long as `keepMs`. */
export function createSeriesStore(keepMs: number) {
  const all = new Map<string, Series>();

  function matches(labels: Labels, { label, op, value }: Matcher): boolean {
    const actual = labels[label] ?? "";
    switch (op) {
      case "=":
        return actual === value;
      case "!=":
        return actual !== value;
      case "=~":
        return new RegExp(`^(?:${value})$`).test(actual);
      case "!~":
        return !new RegExp(`^(?:${value})$`).test(actual);
    }
  }

  return {
    append(name: string, labels: Labels, sample: Sample): void {
      const whole = { [nameLabel]: name, ...labels };
      const key = labelsKey(whole);
      let series = all.get(key);
      if (!series) all.set(key, (series = { labels: whole, samples: [] }));
      series.samples.push(sample);
      const oldest = sample.at - keepMs;
      // Thrown away in batches: shifting one sample a second off each series would cost more than they take.
      if (series.samples[0]!.at < oldest - keepMs / 10)
        series.samples = series.samples.filter(({ at }) => at >= oldest);
    },
    select(name: string | null, matchers: readonly Matcher[]): Series[] {
      const found = [...all.values()].filter(({ labels }) => name === null || labels[nameLabel] === name);
      return found.filter(({ labels }) => matchers.every((matcher) => matches(labels, matcher)));
    },
    all: (): Iterable<Series> => all.values(),
  };
}
export type SeriesStore = ReturnType<typeof createSeriesStore>;

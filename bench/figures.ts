/** One line of the bench: the figure, the floor measured in the same run, and their ratio. */
export interface Figure {
  name: string;
  value: number;
  unit: "ms" | "perSecond" | "MB";
  /** What the figure is held against; null: an absolute promise. */
  floor: number | null;
  ratio: number | null;
  /** The promise of the ratio (or of the value where there is no floor), and whether it holds. */
  promise: string;
  met: boolean;
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** A promise relative to a floor: `limit` is the ratio that may not be exceeded, or undercut for `atLeast`. */
export function against(
  floor: number,
  limit: number,
  figure: Pick<Figure, "name" | "value" | "unit"> & { atLeast?: boolean },
): Figure {
  const { atLeast = false, ...rest } = figure;
  const ratio = rest.value / floor;
  const met = atLeast ? ratio >= limit : ratio <= limit;
  return {
    ...rest,
    value: round(rest.value),
    floor: round(floor),
    ratio: round(ratio),
    promise: `${atLeast ? "≥" : "≤"} ${limit} × floor`,
    met,
  };
}

/** A promise in itself. */
export function atMost(limit: number, figure: Pick<Figure, "name" | "value" | "unit">): Figure {
  return {
    ...figure,
    value: round(figure.value),
    floor: null,
    ratio: null,
    promise: `≤ ${limit} ${figure.unit}`,
    met: figure.value <= limit,
  };
}

/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

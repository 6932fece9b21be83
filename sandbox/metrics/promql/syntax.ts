/** The part of PromQL that this server evaluates, as a tree. */
export type Expression =
  | { type: "number"; value: number }
  | { type: "selector"; name: string | null; matchers: Matcher[]; rangeMs: number | null }
  | { type: "call"; name: FunctionName; args: Expression[] }
  | { type: "aggregate"; op: Aggregation; of: Expression; grouping: Grouping }
  | { type: "binary"; op: BinaryOperator; bool: boolean; left: Expression; right: Expression };

export interface Matcher {
  label: string;
  op: "=" | "!=" | "=~" | "!~";
  value: string;
}

/** No grouping at all is `by ()`. */
export interface Grouping {
  mode: "by" | "without";
  labels: string[];
}

export const functions = { rate: 1, increase: 1, histogram_quantile: 2 } as const;
export type FunctionName = keyof typeof functions;

export const aggregations = ["sum", "avg", "min", "max", "count"] as const;
export type Aggregation = (typeof aggregations)[number];

export const arithmetic = ["+", "-", "*", "/"] as const;
export const comparisons = ["==", "!=", ">", "<", ">=", "<="] as const;
type Comparison = (typeof comparisons)[number];
export type BinaryOperator = (typeof arithmetic)[number] | Comparison;

/** What cannot be parsed or evaluated: answered as Prometheus' `bad_data`. */
export class BadQuery extends Error {
  override name = "BadQuery";
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `1m30s` → milliseconds. */
export function duration(text: string): number | null {
  if (!/^(\d+(ms|[smhd]))+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+)(ms|[smhd])/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit as keyof typeof units], 0);
}

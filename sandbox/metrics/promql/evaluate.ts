import { type Labels, labelsKey, nameLabel, type Sample, type SeriesStore } from "../series.ts";
import { isComparison } from "./parse.ts";
import { type Aggregation, BadQuery, type BinaryOperator, type Expression, type Grouping } from "./syntax.ts";

export interface Element {
  labels: Labels;
  value: number;
}

export type Value = { type: "scalar"; value: number } | { type: "vector"; elements: Element[] };

/** A sample this old no longer speaks for the present, as in Prometheus. */
const lookbackMs = 5 * 60_000;

/** Evaluates at one moment, in milliseconds since 1970. @throws {BadQuery} for types that do not fit. */
export function evaluate(expression: Expression, store: SeriesStore, at: number): Value {
  switch (expression.type) {
    case "number":
      return { type: "scalar", value: expression.value };
    case "selector":
      if (expression.rangeMs !== null)
        throw new BadQuery("a range vector is only of use inside rate() or increase()");
      return { type: "vector", elements: instant(expression, store, at) };
    case "call":
      return call(expression, store, at);
    case "aggregate": {
      const of = vector(evaluate(expression.of, store, at), "aggregation");
      return { type: "vector", elements: aggregate(expression.op, of, expression.grouping) };
    }
    case "binary":
      return binary(expression, evaluate(expression.left, store, at), evaluate(expression.right, store, at));
  }
}

function instant(selector: Expression & { type: "selector" }, store: SeriesStore, at: number): Element[] {
  return store.select(selector.name, selector.matchers).flatMap(({ labels, samples }) => {
    const last = samples.findLast((sample) => sample.at <= at);
    return last && last.at > at - lookbackMs ? [{ labels, value: last.value }] : [];
  });
}

function vector(value: Value, where: string): Element[] {
  if (value.type === "scalar") throw new BadQuery(`expected type instant vector in ${where}, got scalar`);
  return value.elements;
}

function call(expression: Expression & { type: "call" }, store: SeriesStore, at: number): Value {
  if (expression.name === "histogram_quantile") {
    const quantile = evaluate(expression.args[0]!, store, at);
    if (quantile.type !== "scalar")
      throw new BadQuery('expected type scalar in call to function "histogram_quantile", got instant vector');
    const buckets = vector(evaluate(expression.args[1]!, store, at), 'call to function "histogram_quantile"');
    return { type: "vector", elements: histogramQuantile(quantile.value, buckets) };
  }
  const [range] = expression.args;
  if (range?.type !== "selector" || range.rangeMs === null) {
    throw new BadQuery(
      `expected type range vector in call to function "${expression.name}", got instant vector`,
    );
  }
  const { rangeMs } = range;
  const elements = store.select(range.name, range.matchers).flatMap(({ labels, samples }) => {
    const increase = extrapolatedIncrease(samples, at - rangeMs, at);
    if (increase === null) return [];
    return [
      {
        labels: without(labels, [nameLabel]),
        value: expression.name === "rate" ? increase / (rangeMs / 1_000) : increase,
      },
    ];
  });
  return { type: "vector", elements };
}

/** Prometheus' own way of stretching what the samples show over the whole window; null: fewer than two samples. */
function extrapolatedIncrease(samples: readonly Sample[], from: number, to: number): number | null {
  const inside = samples.filter(({ at }) => at > from && at <= to);
  const first = inside[0];
  const last = inside.at(-1);
  if (!first || !last || inside.length < 2) return null;
  let increase = last.value - first.value;
  for (const [index, sample] of inside.entries()) {
    const before = inside[index - 1];
    if (before && sample.value < before.value) increase += before.value;
  }
  const sampled = last.at - first.at;
  const spacing = sampled / (inside.length - 1);
  let toStart = first.at - from;
  let toEnd = to - last.at;
  if (toStart >= spacing * 1.1) toStart = spacing / 2;
  // A counter cannot have been below zero: the window's start is at most where the line meets it.
  if (increase > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / increase));
  if (toEnd >= spacing * 1.1) toEnd = spacing / 2;
  return (increase * (sampled + toStart + toEnd)) / sampled;
}

function histogramQuantile(quantile: number, elements: readonly Element[]): Element[] {
  const groups = Map.groupBy(
    elements.filter(({ labels }) => labels["le"] !== undefined),
    ({ labels }) => labelsKey(without(labels, ["le", nameLabel])),
  );
  return [...groups.values()].map((group) => ({
    labels: without(group[0]!.labels, ["le", nameLabel]),
    value: bucketQuantile(
      quantile,
      group
        .map(({ labels, value }) => ({
          le: labels["le"] === "+Inf" ? Infinity : Number(labels["le"]),
          count: value,
        }))
        .sort((a, b) => a.le - b.le),
    ),
  }));
}

function bucketQuantile(quantile: number, buckets: readonly { le: number; count: number }[]): number {
  const total = buckets.at(-1);
  if (!total || total.le !== Infinity || buckets.length < 2 || total.count === 0 || Number.isNaN(total.count))
    return NaN;
  if (quantile < 0) return -Infinity;
  if (quantile > 1) return Infinity;
  const rank = quantile * total.count;
  const index = buckets.findIndex(({ count }) => count >= rank);
  if (index === buckets.length - 1) return buckets.at(-2)!.le;
  const bucket = buckets[index]!;
  const below = index === 0 ? { le: 0, count: 0 } : buckets[index - 1]!;
  return below.le + ((bucket.le - below.le) * (rank - below.count)) / (bucket.count - below.count);
}

const reducers: Record<Aggregation, (values: readonly number[]) => number> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  count: (values) => values.length,
};

function aggregate(op: Aggregation, elements: readonly Element[], grouping: Grouping): Element[] {
  const groupLabels = ({ labels }: Element) =>
    grouping.mode === "by" ? only(labels, grouping.labels) : without(labels, [...grouping.labels, nameLabel]);
  const groups = Map.groupBy(elements, (element) => labelsKey(groupLabels(element)));
  return [...groups.values()].map((group) => ({
    labels: groupLabels(group[0]!),
    value: reducers[op](group.map(({ value }) => value)),
  }));
}

const operators: Record<BinaryOperator, (a: number, b: number) => number | boolean> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

/** One-to-one on equal labels, or with a scalar. A comparison without `bool` keeps the left value or drops it. */
function binary(expression: Expression & { type: "binary" }, left: Value, right: Value): Value {
  const apply = operators[expression.op];
  const compares = isComparison(expression.op);
  if (left.type === "scalar" && right.type === "scalar") {
    if (compares && !expression.bool)
      throw new BadQuery("comparisons between scalars must use BOOL modifier");
    return { type: "scalar", value: Number(apply(left.value, right.value)) };
  }
  function one(labels: Labels, a: number, b: number, kept: number): Element[] {
    const result = apply(a, b);
    if (!compares || expression.bool)
      return [{ labels: without(labels, [nameLabel]), value: Number(result) }];
    return result === true ? [{ labels, value: kept }] : [];
  }
  if (left.type === "scalar") {
    const others = right as Value & { type: "vector" };
    return {
      type: "vector",
      elements: others.elements.flatMap(({ labels, value }) => one(labels, left.value, value, value)),
    };
  }
  if (right.type === "scalar") {
    return {
      type: "vector",
      elements: left.elements.flatMap(({ labels, value }) => one(labels, value, right.value, value)),
    };
  }
  const partners = new Map(
    right.elements.map((element) => [labelsKey(without(element.labels, [nameLabel])), element]),
  );
  const elements = left.elements.flatMap(({ labels, value }) => {
    const partner = partners.get(labelsKey(without(labels, [nameLabel])));
    return partner ? one(labels, value, partner.value, value) : [];
  });
  return { type: "vector", elements };
}

function only(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name)));
}

function without(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !names.includes(name)));
}

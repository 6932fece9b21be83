import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { metricText } from "../domain/metric-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { Json } from "../engine/ports.ts";

const Bound = z
  .strictObject({
    figure: z.string().describe("its name in the report"),
    title: z.string().optional().describe("the name people use; default: the figure's own"),
    unit: z.enum(["ratio", "seconds", "perSecond", "count"]).default("count"),
    above: z.number().optional(),
    below: z.number().optional(),
    atLeast: z.number().optional(),
    atMost: z.number().optional(),
  })
  .refine(
    ({ above, below, atLeast, atMost }) => (above ?? below ?? atLeast ?? atMost) !== undefined,
    "a bound has above, below, atLeast or atMost",
  );
type Bound = z.infer<typeof Bound>;

const Params = z.strictObject({
  of: z.json().describe("what a Job left: `${{ steps.<id>.values }}`"),
  bounds: z.array(Bound).min(1).describe("what figures of the report are held to"),
});

type ReportState = { of: Json; bounds: Json[] };

const Left = z.object({
  report: z.object({ numbers: z.record(z.string(), z.number()), notes: z.array(z.string()).default([]) }),
});

/** How each bound is said, and what is within it. */
const limits = {
  above: { word: "above", holds: (value: number, bound: number) => value > bound },
  below: { word: "below", holds: (value: number, bound: number) => value < bound },
  atLeast: { word: "at least", holds: (value: number, bound: number) => value >= bound },
  atMost: { word: "at most", holds: (value: number, bound: number) => value <= bound },
} as const;

function judge(bound: Bound, value: number | undefined): Evidence {
  const text = metricText[bound.unit];
  const set = Object.entries(limits).flatMap(([key, limit]) => {
    const number = bound[key as keyof typeof limits];
    return number === undefined ? [] : [{ ...limit, number }];
  });
  const title = bound.title ?? bound.figure;
  const wanted = set.map(({ word, number }) => `${word} ${text(number)}`).join(" and ");
  if (value === undefined) return { what: `${title}: the report does not say (wanted: ${wanted})`, ok: null };
  return {
    what: `${title} ${text(value)} (wanted: ${wanted})`,
    ok: set.every(({ holds, number }) => holds(value, number)),
  };
}

/** Holds the figures that a Job reported to bounds: one outside has failed, one that is not known is unknown. */
export const reportCheck = defineAction<z.infer<typeof Params>, ReportState, "none">({
  name: "report-check",
  scope: "none",
  params: Params,
  permission: "workload:read",

  async plan({ of, bounds }) {
    const names = bounds.map(({ figure, title = figure }) => title);
    return {
      title: `the report: ${names.join(", ")}`,
      calls: [],
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest(bounds),
      inverse: null,
      state: { of, bounds: bounds as unknown as Json[] },
    };
  },

  async observe({ of, bounds }) {
    const left = Left.safeParse(of).data;
    if (left === undefined)
      return {
        state: "unknown",
        detail: "The Job left no report that could be read, so nothing is known of its figures",
      };
    const { numbers, notes } = left.report;
    const evidence = bounds
      .map((bound) => Bound.parse(bound))
      .map((bound) => judge(bound, numbers[bound.figure]));
    const over = evidence.filter(({ ok }) => ok === false).map(({ what }) => what);
    if (over.length > 0) {
      const named = notes.map((what): Evidence => ({ what, ok: false }));
      return { state: "failed", detail: over.join("; "), evidence: [...evidence, ...named], values: numbers };
    }
    const dark = evidence.find(({ ok }) => ok === null);
    if (dark !== undefined) return { state: "unknown", detail: dark.what };
    return { state: "done", evidence, values: numbers };
  },
});

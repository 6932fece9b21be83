import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  of: z.array(z.string()).min(1).describe("names under `preflight.figures` in crai.yaml"),
});
type Params = z.infer<typeof Params>;

function boundText(atLeast: number | undefined, atMost: number | undefined): string {
  const parts = [
    ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost}`]),
  ];
  return parts.join(", ");
}

/** Whether figures of the model and of its energy are within their bounds now. */
export const figuresCheck = defineCheck<Params>({
  name: "figures-check",
  params: Params,
  title: ({ of }) => `${of.join(", ")} within bounds`,
  calls: () => [],
  look: ({ of }, { settings, metrics, clusterName }) =>
    Promise.all(
      of.map(async (name): Promise<Evidence> => {
        const wanted = settings.preflight?.figures[name];
        if (wanted === undefined)
          return { what: `How ${name} is read is not configured (preflight.figures.${name})`, ok: null };
        const { query, atLeast, atMost } = wanted;
        const seen = await metrics.query(clusterName, query);
        if (!seen.known) return { what: `${name} is not known: ${seen.why}`, ok: null };
        const ok =
          (atLeast === undefined || seen.value >= atLeast) && (atMost === undefined || seen.value <= atMost);
        return {
          what: `${name} is ${Number(seen.value.toPrecision(4))} (${boundText(atLeast, atMost)})`,
          ok,
        };
      }),
    ),
});

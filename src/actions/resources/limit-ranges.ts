import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import { quantityOf } from "../../domain/quantity.ts";
import type { Cluster } from "../../engine/ports.ts";
import { Amounts, type Container } from "./pod-resources.ts";
import { limited } from "./raised.ts";

const LimitRange = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    limits: z.array(
      z.object({ type: z.string(), max: Amounts, min: Amounts, maxLimitRequestRatio: Amounts }),
    ),
  }),
});

function over(text: string | undefined, bound: string | undefined): boolean {
  return (
    text !== undefined && bound !== undefined && (quantityOf(text) ?? 0) > (quantityOf(bound) ?? Infinity)
  );
}

/** Bounds of one container that these limits break; those of whole pods are left to the API server. */
function broken({ resources }: Container, range: z.infer<typeof LimitRange>): string[] {
  const { limits } = resources;
  const requests = { ...limits, ...resources.requests };
  return range.spec.limits
    .filter(({ type }) => type === "Container")
    .flatMap(({ max, min, maxLimitRequestRatio }) =>
      limited.flatMap((kind) => {
        const ratio =
          (quantityOf(limits[kind] ?? "0") ?? 0) / (quantityOf(requests[kind] ?? "0") || Infinity);
        const most = quantityOf(maxLimitRequestRatio[kind] ?? "") ?? Infinity;
        return [
          ...(over(limits[kind], max[kind]) ? [`at most ${max[kind]} of ${kind}`] : []),
          ...(over(min[kind], requests[kind]) ? [`at least ${min[kind]} of ${kind}`] : []),
          ...(ratio > most ? [`a ${kind} limit of at most ${most} times its request`] : []),
        ];
      }),
    );
}

/**
 * What the LimitRanges of a namespace do not allow a container, each with the range's name. They hold for pods, so that
 * no dry run of a workload meets them. null: not known, because the actor may not look.
 */
export async function rangeProblems(
  container: Container,
  namespace: string,
  { objects }: Pick<Cluster, "objects">,
): Promise<string[] | null> {
  const found: string[] = [];
  try {
    for await (const item of objects.list({ group: "", resource: "limitranges", namespace })) {
      const range = LimitRange.parse(item);
      found.push(...broken(container, range).map((bound) => `${range.metadata.name} allows ${bound}`));
    }
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
  return found;
}

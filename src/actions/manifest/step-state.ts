import { z } from "zod";
import { Target, targetKey } from "../../domain/app.ts";
import { templateDigest } from "../../domain/pod-template.ts";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";
import type { JsonObject } from "../../engine/ports.ts";
import type { ObjectWrite } from "./object-writes.ts";
import { targetOf } from "./prepare.ts";

/** What a step leaves, for the steps after it that wait for it. */
const Left = z.object({
  workloads: z.array(
    z.object({
      target: Target,
      /** Digest of the template that it leaves; null: not known. */
      template: z.string().nullable(),
      gone: z.boolean(),
    }),
  ),
  namespaces: z.array(z.string()),
  /** `ConfigMap api-config` */
  objects: z.array(z.string()),
  /** The same of what it takes away. */
  removed: z.array(z.string()).default([]),
});
export type Left = z.infer<typeof Left>;

/** The template of a workload; null: it is none, or not known. */
export function templateOf(object: JsonObject | null): JsonObject | null {
  const spec = object?.["spec"] as { template?: JsonObject } | undefined;
  return spec?.template ?? null;
}

export function leftBy(
  planned: readonly { write: ObjectWrite; stored: JsonObject | null }[],
  clusterName: string,
): Left {
  return {
    workloads: planned.flatMap(({ write, stored }) => {
      const target = targetOf(write, clusterName);
      if (target === undefined) return [];
      const template = templateOf(stored);
      return [{ target, template: template && templateDigest(template), gone: write.do === "remove" }];
    }),
    namespaces: planned.flatMap(({ write: { kind, ref } }) => (kind === "Namespace" ? [ref.name] : [])),
    objects: planned.flatMap(({ write: { do: what, kind, ref } }) =>
      what === "apply" ? [`${kind} ${ref.name}`] : [],
    ),
    removed: planned.flatMap(({ write: { do: what, kind, ref } }) =>
      what === "remove" ? [`${kind} ${ref.name}`] : [],
    ),
  };
}

/** Whether a step before takes the workload away: there is nothing left to look at then. */
export function isTakenAway(target: Target, context: Pick<EnvironmentContext, "before">): boolean {
  return leftBefore(context).some(({ workloads }) =>
    workloads.some((one) => one.gone && targetKey(one.target) === targetKey(target)),
  );
}

/** What the steps of the plan before this one leave, latest first. */
export function leftBefore({ before }: Pick<EnvironmentContext, "before">): Left[] {
  return before.toReversed().flatMap(({ state }) => {
    const left = z.object({ left: Left }).safeParse(state);
    return left.success ? [left.data.left] : [];
  });
}

import { z } from "zod";
import { targetOf } from "../domain/app.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { EnvironmentContext } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  of: z.array(z.string()).min(1).describe("names under `preflight.workloads` in crai.yaml"),
});
type Params = z.infer<typeof Params>;

function targets({ of }: Params, { settings, clusterName: cluster }: EnvironmentContext) {
  return of.map((name) => {
    const wanted = settings.preflight?.workloads[name];
    return { name, target: wanted === undefined ? null : targetOf({ cluster, health: [], ...wanted }) };
  });
}

/** Whether what watches over the system is there and rolled out. */
export const readyCheck = defineCheck<Params>({
  name: "ready-check",
  params: Params,
  title: ({ of }) => `${of.join(", ")} ready`,
  calls: (params, context) =>
    targets(params, context).flatMap(({ target }) =>
      target === null
        ? []
        : [
            {
              verb: "get" as const,
              group: "apps",
              resource: `${target.kind}s`,
              namespace: target.namespace,
              name: target.name,
            },
          ],
    ),
  look: (params, context) =>
    Promise.all(
      targets(params, context).map(async ({ name, target }): Promise<Evidence> => {
        if (target === null)
          return { what: `Where ${name} runs is not configured (preflight.workloads.${name})`, ok: null };
        try {
          const workload = await context.cluster.workload(target);
          const { state, detail } = await context.cluster.rolloutStatus(workload);
          if (workload.replicas === 0 && target.kind !== "daemonset")
            return { what: `${name} is scaled to zero`, ok: false };
          return { what: state === "done" ? `${name} is ready` : `${name}: ${detail}`, ok: state === "done" };
        } catch (error) {
          if (!isRefusal(error, "not-found")) throw error;
          return { what: `${name}: ${error.message}`, ok: false };
        }
      }),
    ),
});

import { type Target, workloadKinds } from "../../domain/app.ts";
import { isUserError } from "../../domain/errors.ts";
import type { Autoscaler, JsonObject } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import { listAll } from "./list.ts";
import { Autoscaler as AutoscalerObject } from "./shapes.ts";

async function listed(api: Api, { namespace }: Target): Promise<JsonObject[] | null> {
  try {
    const of = {
      verb: "list",
      group: "autoscaling",
      resource: "horizontalpodautoscalers",
      namespace,
    } as const;
    return (await listAll(api, of)).items;
  } catch (error) {
    // Not being allowed to look (or no such API) is an answer here; silence is not.
    if (isUserError(error)) return null;
    throw error;
  }
}

/** The autoscalers of one workload; null: not known. */
export async function autoscalersOf(api: Api, target: Target): Promise<Autoscaler[] | null> {
  const items = await listed(api, target);
  if (items === null) return null;
  return items
    .map((item) => AutoscalerObject.parse(item))
    .filter(
      ({ spec }) =>
        spec.scaleTargetRef.kind === workloadKinds[target.kind].kind &&
        spec.scaleTargetRef.name === target.name,
    )
    .map(({ metadata, spec }) => ({
      // KEDA works through an autoscaler of its own.
      kind: metadata.ownerReferences.some(({ kind }) => kind === "ScaledObject") ? "KEDA" : "HPA",
      name: metadata.name,
      min: spec.minReplicas,
      max: spec.maxReplicas,
    }));
}

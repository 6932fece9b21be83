import { type Target, workloadKinds } from "../../domain/app.ts";
import { isUserError } from "../../domain/errors.ts";
import type { JsonObject, ScaleLimits } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import { listAll } from "./list.ts";
import { Autoscaler, ResourceQuota } from "./shapes.ts";

function autoscalersOf(target: Target, items: readonly JsonObject[]): ScaleLimits["autoscalers"] {
  return items
    .map((item) => Autoscaler.parse(item))
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

function podQuotas(items: readonly JsonObject[]): ScaleLimits["quotas"] {
  return items.flatMap((item) => {
    const { metadata, status } = ResourceQuota.parse(item);
    const key = ["pods", "count/pods"].find((name) => status.hard[name] !== undefined);
    if (key === undefined) return [];
    const [hard, used] = [Number(status.hard[key]), Number(status.used[key] ?? 0)];
    return Number.isFinite(hard) && Number.isFinite(used) ? [{ name: metadata.name, hard, used }] : [];
  });
}

async function listed(
  api: Api,
  group: string,
  resource: string,
  namespace: string,
): Promise<JsonObject[] | null> {
  try {
    return (await listAll(api, { verb: "list", group, resource, namespace })).items;
  } catch (error) {
    // Not being allowed to look (or no such API) is an answer here; silence is not.
    if (isUserError(error)) return null;
    throw error;
  }
}

export async function scaleLimits(api: Api, target: Target): Promise<ScaleLimits> {
  const [autoscalers, quotas] = await Promise.all([
    listed(api, "autoscaling", "horizontalpodautoscalers", target.namespace),
    listed(api, "", "resourcequotas", target.namespace),
  ]);
  return {
    autoscalers: autoscalers && autoscalersOf(target, autoscalers),
    quotas: quotas && podQuotas(quotas),
  };
}

import { child, items } from "../fields.ts";
import type { Kind } from "../kinds.ts";
import { sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { cause, invalid } from "../status.ts";
import type { StatusCause } from "../status.ts";
import { checkCronJob, checkJob } from "./batch.ts";
import { checkMetadata } from "./metadata.ts";
import { checkIngress, checkNetworkPolicy } from "./network.ts";
import { checkPodSpec } from "./pod-spec.ts";
import { checkClaim } from "./storage.ts";
import { checkWorkload } from "./workloads.ts";

type Check = (object: KubeObject, old: KubeObject | undefined) => StatusCause[];

const byPlural: Record<string, Check> = {
  daemonsets: checkWorkload,
  deployments: checkWorkload,
  cronjobs: checkCronJob,
  horizontalpodautoscalers: checkAutoscaler,
  jobs: checkJob,
  poddisruptionbudgets: checkBudget,
  ingresses: checkIngress,
  networkpolicies: checkNetworkPolicy,
  persistentvolumeclaims: checkClaim,
  pods: checkPod,
  replicasets: checkWorkload,
  services: checkService,
  statefulsets: checkWorkload,
  configmaps: checkImmutableData,
  secrets: checkImmutableData,
  rolebindings: checkBinding,
  clusterrolebindings: checkBinding,
};

/** Throws StatusError 422 naming every field that is wrong. */
export function validate(kind: Kind, object: KubeObject, old?: KubeObject): void {
  const causes = [...checkMetadata(kind, object), ...(byPlural[kind.plural]?.(object, old) ?? [])];
  if (causes.length > 0) throw invalid(kind, object.metadata.name, causes);
}

/** Pod fields that may change while it runs (source: the validation of pod updates). */
const mutableOfPods = ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"];

function checkPod(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const causes = checkPodSpec("spec", spec);
  if (!old || sameJson(fixedPart(spec), fixedPart(child(old, "spec") ?? {}))) return causes;
  const allowed =
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`," +
    "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
  return [...causes, cause("spec", "Forbidden", `pod updates may not change fields other than ${allowed}`)];
}

function fixedPart(spec: Record<string, unknown>): unknown {
  const kept = Object.fromEntries(Object.entries(spec).filter(([field]) => !mutableOfPods.includes(field)));
  const without = (field: string) => items(spec, field).map(({ image: _image, ...rest }) => rest);
  return { ...kept, containers: without("containers"), initContainers: without("initContainers") };
}

function checkAutoscaler(object: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const [min, max] = [Number(spec["minReplicas"] ?? 1), Number(spec["maxReplicas"] ?? 0)];
  if (max < 1) return [cause("spec.maxReplicas", "Invalid value", `${max}: must be greater than 0`)];
  if (min < 1) {
    return [cause("spec.minReplicas", "Invalid value", `${min}: must be greater than or equal to 1`)];
  }
  const message = `${max}: must be greater than or equal to \`minReplicas\``;
  return max < min ? [cause("spec.maxReplicas", "Invalid value", message)] : [];
}

function checkBudget(object: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  if (spec["minAvailable"] !== undefined && spec["maxUnavailable"] !== undefined) {
    const message = `${JSON.stringify(spec)}: minAvailable and maxUnavailable cannot be both set`;
    return [cause("spec", "Invalid value", message)];
  }
  return ["minAvailable", "maxUnavailable"].flatMap((field) => {
    const share = spec[field];
    if (typeof share !== "string") return [];
    const value = `intstr.IntOrString{Type:1, IntVal:0, StrVal:${JSON.stringify(share)}}`;
    const form =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    if (!/^\d+%$/.test(share)) return [cause(`spec.${field}`, "Invalid value", `${value}: ${form}`)];
    const fits = Number.parseInt(share, 10) <= 100;
    return fits ? [] : [cause(`spec.${field}`, "Invalid value", `${value}: must not be greater than 100%`)];
  });
}

function checkService(object: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const ports = items(spec, "ports");
  const headless = spec["clusterIP"] === "None" || spec["type"] === "ExternalName";
  if (ports.length === 0 && !headless) return [cause("spec.ports", "Required value", "")];
  return ports.flatMap((port, index) => {
    const field = `spec.ports[${index}]`;
    const unnamed = ports.length > 1 && !port["name"] ? [cause(`${field}.name`, "Required value", "")] : [];
    const number = Number(port["port"]);
    const inRange = number > 0 && number < 65536;
    const message = `${number || 0}: must be between 1 and 65535, inclusive`;
    return [...unnamed, ...(inRange ? [] : [cause(`${field}.port`, "Invalid value", message)])];
  });
}

function checkImmutableData(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  if (old?.["immutable"] !== true) return [];
  const message = "field is immutable when `immutable` is set";
  return sameJson(object["data"], old["data"]) ? [] : [cause("data", "Forbidden", message)];
}

function checkBinding(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const role = child(object, "roleRef");
  if (old && !sameJson(role, old["roleRef"])) {
    const message = `${JSON.stringify(role)}: cannot change roleRef`;
    return [cause("roleRef", "Invalid value", message)];
  }
  return role?.["name"] ? [] : [cause("roleRef.name", "Required value", "")];
}

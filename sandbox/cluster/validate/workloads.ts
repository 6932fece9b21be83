import { child, items } from "../fields.ts";
import type { Fields } from "../fields.ts";
import { isRecord, sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { cause } from "../status.ts";
import type { StatusCause } from "../status.ts";
import { checkLabels } from "./names.ts";
import { checkPodSpec } from "./pod-spec.ts";

/** Rules of Deployments, ReplicaSets, StatefulSets and DaemonSets; `old` is what is being replaced. */
export function checkWorkload(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const template = child(spec, "template");
  const counts = ["replicas", "minReadySeconds", "revisionHistoryLimit"];
  return [
    ...counts.flatMap((field) => checkCount(`spec.${field}`, spec[field])),
    ...checkSelector(object.kind, spec),
    ...checkLabels("spec.template.labels", child(child(template, "metadata"), "labels")),
    ...checkPodSpec("spec.template.spec", child(template, "spec") ?? {}, claimNames(spec)),
    ...checkRestartPolicy(child(template, "spec")),
    ...(object.kind === "Deployment" ? checkRollout(spec) : []),
    ...(old ? checkUnchanged(object, old) : []),
  ];
}

/** Volumes a StatefulSet's pods have beside those of their template. */
function claimNames(spec: Fields): unknown[] {
  return items(spec, "volumeClaimTemplates").map((claim) => child(claim, "metadata")?.["name"]);
}

export function checkCount(field: string, value: unknown): StatusCause[] {
  if (typeof value !== "number" || value >= 0) return [];
  return [cause(field, "Invalid value", `${value}: must be greater than or equal to 0`)];
}

function checkSelector(kind: string, spec: Fields): StatusCause[] {
  const selector = child(spec, "selector");
  const labels = child(child(child(spec, "template"), "metadata"), "labels");
  if (!selector) return [cause("spec.selector", "Required value", ""), ...mismatch(labels)];
  const wanted = child(selector, "matchLabels") ?? {};
  const expressions = items(selector, "matchExpressions");
  if (Object.keys(wanted).length === 0 && expressions.length === 0) {
    const message = `${goSelector(selector)}: empty selector is invalid for ${kind.toLowerCase()}`;
    return [cause("spec.selector", "Invalid value", message)];
  }
  const matches =
    Object.entries(wanted).every(([key, value]) => labels?.[key] === value) &&
    expressions.every((expression) => satisfies(labels ?? {}, expression));
  return matches ? [] : mismatch(labels);
}

function mismatch(labels: Fields | undefined): StatusCause[] {
  const message = `${goLabels(labels)}: \`selector\` does not match template \`labels\``;
  return [cause("spec.template.metadata.labels", "Invalid value", message)];
}

function satisfies(labels: Fields, expression: Fields): boolean {
  const value = labels[String(expression["key"])];
  const values = Array.isArray(expression["values"]) ? expression["values"] : [];
  switch (expression["operator"]) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

function checkRestartPolicy(spec: Fields | undefined): StatusCause[] {
  const policy = spec?.["restartPolicy"];
  if (policy === undefined || policy === "Always") return [];
  const message = `${JSON.stringify(policy)}: supported values: "Always"`;
  return [cause("spec.template.spec.restartPolicy", "Unsupported value", message)];
}

function checkRollout(spec: Fields): StatusCause[] {
  const strategy = child(spec, "strategy");
  const rolling = child(strategy, "rollingUpdate");
  const deadline = spec["progressDeadlineSeconds"];
  const causes: StatusCause[] = [];
  if (strategy?.["type"] === "Recreate" && rolling) {
    const message = "may not be specified when strategy `type` is 'Recreate'";
    causes.push(cause("spec.strategy.rollingUpdate", "Forbidden", message));
  } else if (!["RollingUpdate", "Recreate"].includes(String(strategy?.["type"]))) {
    const message = `${JSON.stringify(strategy?.["type"])}: supported values: "Recreate", "RollingUpdate"`;
    causes.push(cause("spec.strategy", "Unsupported value", message));
  } else if (isZero(rolling?.["maxUnavailable"]) && isZero(rolling?.["maxSurge"])) {
    const zero = 'intstr.IntOrString{Type:0, IntVal:0, StrVal:""}';
    const message = `${zero}: may not be 0 when \`maxSurge\` is 0`;
    causes.push(cause("spec.strategy.rollingUpdate.maxUnavailable", "Invalid value", message));
  }
  if (typeof deadline === "number" && deadline <= Number(spec["minReadySeconds"] ?? 0)) {
    const message = `${deadline}: must be greater than minReadySeconds`;
    causes.push(cause("spec.progressDeadlineSeconds", "Invalid value", message));
  }
  return causes;
}

function isZero(value: unknown): boolean {
  return value === 0 || value === "0%";
}

const mutableOfStatefulSets = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

function checkUnchanged(object: KubeObject, old: KubeObject): StatusCause[] {
  const spec = child(object, "spec") ?? {};
  const before = child(old, "spec") ?? {};
  if (object.kind === "StatefulSet") {
    const fixed = [...new Set([...Object.keys(spec), ...Object.keys(before)])].filter(
      (field) => !mutableOfStatefulSets.includes(field),
    );
    if (fixed.every((field) => sameJson(spec[field], before[field]))) return [];
    const list = mutableOfStatefulSets.map((field) => `'${field}'`);
    const allowed = `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`;
    const message = `updates to statefulset spec for fields other than ${allowed} are forbidden`;
    return [cause("spec", "Forbidden", message)];
  }
  if (sameJson(spec["selector"], before["selector"])) return [];
  return [
    cause("spec.selector", "Invalid value", `${goSelector(child(spec, "selector"))}: field is immutable`),
  ];
}

/** A map of strings the way Go prints it. */
function goLabels(labels: Fields | undefined): string {
  if (!labels) return "map[string]string(nil)";
  const pairs = Object.keys(labels)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(labels[key])}`);
  return `map[string]string{${pairs.join(", ")}}`;
}

function goSelector(selector: Fields | undefined): string {
  const labels = goLabels(child(selector, "matchLabels"));
  const expressions = items(selector, "matchExpressions").map((one) => {
    const values = (Array.isArray(one["values"]) ? one["values"] : []).map((value) => JSON.stringify(value));
    const list = values.length > 0 ? `[]string{${values.join(", ")}}` : "[]string(nil)";
    return `v1.LabelSelectorRequirement{Key:${JSON.stringify(one["key"])}, Operator:${JSON.stringify(one["operator"])}, Values:${list}}`;
  });
  const requirements =
    expressions.length > 0
      ? `[]v1.LabelSelectorRequirement{${expressions.join(", ")}}`
      : "[]v1.LabelSelectorRequirement(nil)";
  return `v1.LabelSelector{MatchLabels:${isRecord(selector) ? labels : "map[string]string(nil)"}, MatchExpressions:${requirements}}`;
}

import { z } from "zod";
import { Actor } from "./actor.ts";
import { Target } from "./app.ts";
import { digest } from "./hash.ts";
import { Permission } from "./access.ts";

/** Who says yes before a plan runs: nobody | the requester if on call, else a second person | always a second person. */
export const Risk = z.enum(["observe", "reversible", "guarded"]);
export type Risk = z.infer<typeof Risk>;

/** One call to the Kubernetes API, as rights are asked for (SelfSubjectAccessReview's attributes). */
export const ResourceCall = z.strictObject({
  cluster: z.string(),
  verb: z.enum(["get", "list", "watch", "create", "update", "patch", "delete"]),
  group: z.string(),
  /** The served version; left out for the kinds that crai knows by itself. */
  version: z.string().optional(),
  resource: z.string(),
  subresource: z.string().optional(),
  /** null: an object that has none, or a list of all namespaces. */
  namespace: z.string().nullable(),
  name: z.string().optional(),
});
export type ResourceCall = z.infer<typeof ResourceCall>;

/** `deployments/scale.apps` style, as kubectl's `auth can-i` names it. */
export function callName(call: ResourceCall): string {
  const resource = call.subresource === undefined ? call.resource : `${call.resource}/${call.subresource}`;
  return `${call.verb} ${resource}${call.group === "" ? "" : `.${call.group}`}${call.name === undefined ? "" : ` ${call.name}`} in ${call.namespace ?? "the whole cluster"}`;
}

/** warn: read this first; block: the plan cannot be confirmed. */
export const Warning = z.strictObject({
  level: z.enum(["warn", "block"]),
  text: z.string(),
  next: z.string().optional(),
});
export type Warning = z.infer<typeof Warning>;

/** What undoes a step; recorded before the step acts. */
export const Inverse = z.strictObject({
  action: z.string(),
  title: z.string(),
  with: z.record(z.string(), z.json()),
});
export type Inverse = z.infer<typeof Inverse>;

export const PlannedStep = z.strictObject({
  id: z.string(),
  action: z.string(),
  title: z.string(),
  /** The action's parameters with every expression resolved. */
  with: z.record(z.string(), z.json()),
  /** True for steps that only look: they decide the verdict after the changes were made. */
  verifies: z.boolean(),
  mutates: z.boolean(),
  permission: Permission,
  calls: z.array(ResourceCall),
  targets: z.array(Target),
  facts: z.array(z.strictObject({ label: z.string(), value: z.string() })),
  diff: z.string().nullable(),
  kubectl: z.array(z.string()),
  warnings: z.array(Warning),
  /** What was last done to the target, where that is known: it may be why a fix is looked for. */
  lastChange: z.strictObject({ what: z.string(), at: z.iso.datetime() }).optional(),
  /** Other values of `--to` that this step could have been planned with. */
  alternatives: z.array(z.strictObject({ label: z.string(), value: z.string() })).optional(),
  /** Digest of what the step read or writes and that must not change between the yes and the act. */
  fingerprint: z.string(),
  inverse: Inverse.nullable(),
  /** What the action needs to act and to recognize its own work; raw JSON, opaque to everyone else. */
  state: z.json(),
  /** ms; the step ends `unknown` or `failed` after it. */
  timeout: z.int().positive(),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

export const Plan = z.strictObject({
  title: z.string(),
  playbook: z.strictObject({ name: z.string(), version: z.int(), digest: z.string() }),
  inputs: z.record(z.string(), z.json()),
  app: z.string(),
  environment: z.string(),
  actor: Actor,
  incident: z.int().nullable(),
  reason: z.string().nullable(),
  /** The run whose recorded inverse this is. */
  undoes: z.int().nullable(),
  risk: Risk,
  steps: z.array(PlannedStep).min(1),
});
export type Plan = z.infer<typeof Plan>;

/** What an approval binds: the whole plan, inverses included. */
export function planHash(plan: Plan): string {
  return digest(plan);
}

/** What must still be true when the plan runs. */
export function planFingerprint(plan: Plan): string {
  return digest(plan.steps.map((step) => [step.id, step.fingerprint]));
}

export function planTargets(plan: Plan): Target[] {
  const targets = plan.steps.filter((step) => step.mutates).flatMap((step) => step.targets);
  return [...new Map(targets.map((target) => [digest(target), target])).values()];
}

export function planWarnings(plan: Plan): Warning[] {
  return plan.steps.flatMap((step) => step.warnings);
}

/** waiting -> started | denied | expired | voided; only one of them, ever. */
export const PlanStatus = z.enum(["waiting", "started", "denied", "expired", "voided"]);
export type PlanStatus = z.infer<typeof PlanStatus>;

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
  /** Done before those of later steps: what these start anew must find it put back. */
  first: z.boolean().optional(),
});
export type Inverse = z.infer<typeof Inverse>;

/** What a right is asked for: an app in an environment, an environment as a whole, or everything. */
const PlannedScope = z.strictObject({ app: z.string().nullable(), environment: z.string().nullable() });
export type PlannedScope = z.infer<typeof PlannedScope>;

/** What the expressions of one playbook in a plan may name beside `steps`. */
export const Frame = z.strictObject({
  inputs: z.record(z.string(), z.json()),
  item: z.json(),
  app: z.string().nullable(),
  environment: z.string().nullable(),
  /** In front of the ids of its steps: `<call>/`, or nothing. */
  prefix: z.string(),
  /** Ids of its steps, those too that were skipped when it was planned. */
  steps: z.array(z.string()),
});
export type Frame = z.infer<typeof Frame>;

/** What is decided only when the run gets there: what hangs on how the steps before it ended. */
const Later = z.strictObject({
  /** The step is skipped unless all are true. */
  when: z.array(z.strictObject({ expression: z.string(), frame: Frame })),
  /** Its parameters are resolved, and it is planned, then; only for steps that look. */
  with: Frame.nullable(),
});

export const PlannedStep = z.strictObject({
  /** `<call>/<step>` for a step of a called playbook, `<step>.<n>` for one of a `for_each`. */
  id: z.string(),
  /** Ids of the steps that have to end well before it begins. */
  needs: z.array(z.string()),
  /** The app and environment it is about; its context is made from these. */
  about: PlannedScope,
  /** What the actor needs its permission for; none: the playbook's own is enough. */
  scopes: z.array(PlannedScope),
  action: z.string(),
  title: z.string(),
  /** The action's parameters with every expression resolved. */
  with: z.record(z.string(), z.json()),
  /** True for steps that only look: they decide the verdict after the changes were made. */
  verifies: z.boolean(),
  mutates: z.boolean(),
  /** What it makes goes by itself and changes nothing that users depend on. */
  passing: z.boolean().optional(),
  /** Why a second person has to agree, whatever the playbook's risk. */
  guarded: z.string().optional(),
  /** Whether its targets are held from apply to verified. */
  locks: z.boolean(),
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
  /** Put back in place of the inverse when a later step fails. */
  compensate: Inverse.nullable(),
  /** What the action needs to act and to recognize its own work; raw JSON, opaque to everyone else. */
  state: z.json(),
  /** ms; the step ends `unknown` or `failed` after it. */
  timeout: z.int().positive(),
  /** `everyMs` between tries, after a clear failure only. */
  retry: z.strictObject({ times: z.int(), everyMs: z.int() }).nullable(),
  continueOnFailure: z.boolean(),
  /** ms after the run began at which it begins even when what it needs has not ended. */
  opens: z.int().positive().optional(),
  later: Later.nullable(),
  /** Items of the runbook it carries out. */
  runbook: z.array(z.string()),
});
export type PlannedStep = z.infer<typeof PlannedStep>;

export const Plan = z.strictObject({
  title: z.string(),
  playbook: z.strictObject({ name: z.string(), version: z.int(), digest: z.string() }),
  inputs: z.record(z.string(), z.json()),
  /** What it is about; null: several apps of one environment, or none at all. */
  app: z.string().nullable(),
  environment: z.string().nullable(),
  actor: Actor,
  incident: z.int().nullable(),
  reason: z.string().nullable(),
  /** The run whose recorded inverse this is. */
  undoes: z.int().nullable(),
  risk: Risk,
  /** How many yeses of others it needs where a second person has to agree. */
  approvals: z.int().min(1),
  onFailure: z.enum(["stop", "offer-undo", "compensate"]),
  /** Of the whole plan, beside those of its steps. */
  warnings: z.array(Warning),
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

/** What a run of it holds. */
export function planTargets(plan: Plan): Target[] {
  const targets = plan.steps.filter((step) => step.mutates && step.locks).flatMap((step) => step.targets);
  return [...new Map(targets.map((target) => [digest(target), target])).values()];
}

/** What rights are asked for: everything its steps are about, else what the plan is about. */
export function planScopes(plan: Pick<Plan, "app" | "environment" | "steps">): PlannedScope[] {
  const scopes = plan.steps.flatMap((step) => step.scopes);
  if (scopes.length === 0 || plan.app !== null) scopes.push({ app: plan.app, environment: plan.environment });
  return [...new Map(scopes.map((scope) => [digest(scope), scope])).values()];
}

/**
 * What a playbook of this risk comes to with these steps: one that can be undone and only looks needs nobody's yes, and
 * what takes something away that users depend on needs a second person's.
 */
export function planRisk(risk: Risk, steps: readonly PlannedStep[]): Risk {
  if (steps.some((step) => step.guarded !== undefined)) return "guarded";
  return risk === "reversible" && !steps.some((step) => step.mutates) ? "observe" : risk;
}

export function planWarnings(plan: Plan): Warning[] {
  return [...plan.warnings, ...plan.steps.flatMap((step) => step.warnings)];
}

/** waiting -> started | denied | expired | voided; only one of them, ever. */
export const PlanStatus = z.enum(["waiting", "started", "denied", "expired", "voided"]);
export type PlanStatus = z.infer<typeof PlanStatus>;

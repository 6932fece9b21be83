import { isUserError } from "../../domain/errors.ts";
import type { Warning } from "../../domain/plan.ts";
import { type ClusterRefusal, isRefusal } from "../../engine/cluster-refusal.ts";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";
import type { JsonObject, ObjectRef } from "../../engine/ports.ts";
import { managersOf } from "../rollout/managers.ts";
import { fieldManager } from "../rollout/write-template.ts";
import { digest } from "../../domain/hash.ts";
import { written } from "./object-diff.ts";
import { fromDigest, objectName, type ObjectWrite, ownDigest } from "./object-writes.ts";
import { appliedFields } from "./owned-fields.ts";

/** An object that is to be applied, with where it goes. */
export interface Wanted {
  kind: string;
  ref: ObjectRef & { version: string };
  content: JsonObject;
}

export interface ApplyRules {
  /** Managers whose fields may be taken over. */
  takeOver: readonly string[];
  /** Whoever else owns them, too. */
  force: boolean;
  /** Namespaces that a step before makes, or that come first in this one. */
  newNamespaces: ReadonlySet<string>;
}

export interface PlannedObject {
  write: ObjectWrite;
  live: JsonObject | null;
  /** As the API server would store it; null: it was not asked, or refused. */
  stored: JsonObject | null;
  warnings: Warning[];
}

interface DryRun {
  stored: JsonObject | null;
  force: boolean;
  warnings: Warning[];
}

/** `.spec.replicas: conflict with "kube-controller-manager" …; …`: fields by the manager that owns them. */
function owners({ why }: ClusterRefusal): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const [, field = "", manager = ""] of why.matchAll(/(?:^|; )(\S+): conflict with "([^"]+)"/g))
    fields.set(manager, [...(fields.get(manager) ?? []), field]);
  return fields;
}

function listed(fields: readonly string[]): string {
  const short = fields.map((field) => field.replace(/^\.(spec\.template\.spec\.|spec\.)?/, ""));
  const [shown, more] = [short.slice(0, 3), fields.length - 3];
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function blocked({ message, why, next }: ClusterRefusal): Warning {
  return { level: "block", text: `${message}: ${why}`, next };
}

/** Applies it dry; a conflict with a manager that may be taken over is tried again with force, and said. */
async function dryRunOf(
  { kind, ref, content }: Wanted,
  rules: ApplyRules,
  context: EnvironmentContext,
): Promise<DryRun> {
  const { objects } = context.cluster;
  const apply = (force: boolean) => objects.apply(ref, content, { fieldManager, dryRun: true, force });
  const name = objectName({ kind, ref });
  try {
    return { stored: await apply(false), force: false, warnings: [] };
  } catch (error) {
    // What the person may not do is said by the check of all rights.
    if (isRefusal(error, "forbidden")) return { stored: null, force: false, warnings: [] };
    if (!isRefusal(error, "conflict")) throw error;
    const all = [...owners(error)];
    const others = all.filter(([manager]) => !rules.force && !rules.takeOver.includes(manager));
    if (all.length === 0 || others.length > 0)
      return {
        stored: null,
        force: false,
        warnings: others.map(([manager, fields]) => ({
          level: "block",
          text: `${manager} owns ${listed(fields)} of ${name}, and the manifest says something else.`,
          next: "Take these fields out of the manifest, or take them over with --take-over.",
        })),
      };
    return {
      stored: await apply(true),
      force: true,
      warnings: all.map(([manager, fields]) => ({
        level: "warn",
        text: `Takes ${listed(fields)} of ${name} over from ${manager}.`,
      })),
    };
  }
}

/** A namespace that is still to be made cannot be asked yet; every other refusal is one of the plan. */
async function tryDryRun(wanted: Wanted, rules: ApplyRules, context: EnvironmentContext): Promise<DryRun> {
  const { namespace } = wanted.ref;
  // An identity that may only read proposes without it.
  if (context.actor.kind !== "person") return { stored: null, force: false, warnings: [] };
  try {
    return await dryRunOf(wanted, rules, context);
  } catch (error) {
    if (!isUserError(error)) throw error;
    if (isRefusal(error, "not-found") && namespace !== null && rules.newNamespaces.has(namespace))
      return { stored: null, force: false, warnings: [] };
    return { stored: null, force: false, warnings: [blocked(error as ClusterRefusal)] };
  }
}

function managerWarnings({ ref }: Wanted, live: JsonObject | null): Warning[] {
  if (live === null) return [];
  const { annotations = {} } = live["metadata"] as { annotations?: Record<string, string> };
  return managersOf({ raw: live, annotations, target: { name: ref.name } }).map(({ warning }) => warning);
}

function pauseWarnings({ kind, ref }: Wanted, stored: JsonObject | null): Warning[] {
  if (kind !== "Deployment" || (stored?.["spec"] as { paused?: boolean } | undefined)?.paused !== true)
    return [];
  return [
    {
      level: "block",
      text: `${ref.name} is paused, so nothing of this would be rolled out.`,
      next: `Resume it first (\`kubectl -n ${ref.namespace} rollout resume deployment/${ref.name}\`), then plan again.`,
    },
  ];
}

/** What applying one object would do. Nothing is written. */
export async function planObject(
  wanted: Wanted,
  rules: ApplyRules,
  context: EnvironmentContext,
): Promise<PlannedObject> {
  const { kind, ref } = wanted;
  const [live, dryRun] = await Promise.all([
    context.cluster.objects.get(ref),
    tryDryRun(wanted, rules, context),
  ]);
  const { stored, force } = dryRun;
  const fields = stored && appliedFields(stored, fieldManager);
  const { namespace, name, group, version, resource } = ref;
  return {
    write: {
      do: "apply",
      kind,
      ref: { group, version, resource, namespace, name },
      uid: live === null ? null : (live["metadata"] as { uid: string }).uid,
      fields,
      from: fromDigest(live, fields),
      leaves: stored && ownDigest(stored),
      force,
      changes: live === null || stored === null || digest(written(live)) !== digest(written(stored)),
    },
    live,
    stored,
    warnings: [...dryRun.warnings, ...managerWarnings(wanted, live), ...pauseWarnings(wanted, stored)],
  };
}

import { z } from "zod";
import type { Target } from "../../domain/app.ts";
import { isError, PatchConflict, PlanDrifted } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import { templateDigest } from "../../domain/pod-template.ts";
import type { Observation } from "../../engine/playbooks/action.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { Cluster, Json, JsonObject, PatchType, Workload } from "../../engine/ports.ts";
import { ownersOf } from "./field-owners.ts";

/** Under which name crai's writes stand in managedFields. */
export const fieldManager = "crai";

/** How a change of a template is recognized and guarded; part of the state of every action that makes one. */
export type TemplateWrite = {
  uid: string;
  /** Digest of the template that the plan was made of. */
  from: string;
  /** Digests by which the change is recognized once made: as sent, and as the API server's dry run would store it. */
  leaves: string[];
};

/** Reads what an earlier step of the plan leaves; undefined for a step that writes no template. */
export const LeavesTemplate = z.object({ leaves: z.array(z.string()).min(1) });

export interface TemplatePatch {
  type: PatchType;
  /** `resourceVersion` null: unguarded, for the dry run, which loses no race that matters. */
  body(workload: Workload, resourceVersion: string | null): Json;
}

/** What must be the same when the plan runs: never status, replicas or resourceVersion, which change by themselves. */
export function templateFingerprint(workload: Workload, target: JsonObject | null): string {
  return digest([
    workload.uid,
    templateDigest(workload.template),
    workload.paused,
    target && templateDigest(target),
  ]);
}

/** Who wrote the template last, for people: `kubectl-edit at 2026-11-22T10:00:00Z`. */
export function lastWriter(workload: Workload): string {
  const [owner] = ownersOf(workload.raw, "spec", "template").filter(
    ({ subresource }) => subresource === undefined,
  );
  return owner === undefined ? "somebody" : `${owner.manager}${owner.time === "" ? "" : ` at ${owner.time}`}`;
}

function driftOf(write: TemplateWrite, workload: Workload): string | null {
  const { name } = workload.target;
  if (workload.uid !== write.uid) return `${name} was deleted and made again`;
  if (templateDigest(workload.template) !== write.from)
    return `The template of ${name} was changed by ${lastWriter(workload)}`;
  return workload.paused ? `${name} was paused` : null;
}

/** More conflicts in a row than flapping pods can cause. */
const conflictsAtMost = 10;

/**
 * Writes once, and only onto what the plan was made of. When something else about the object moved in between (status,
 * replicas), it reads again and goes on; when the template, the UID or the pause did, it throws PlanDrifted.
 */
export async function writeTemplate(
  cluster: Cluster,
  target: Target,
  write: TemplateWrite,
  patch: TemplatePatch,
): Promise<void> {
  for (let conflicts = 0; conflicts < conflictsAtMost; conflicts++) {
    const workload = await cluster.workload(target);
    if (workload.uid === write.uid && write.leaves.includes(templateDigest(workload.template))) return;
    const drift = driftOf(write, workload);
    if (drift !== null) throw new PlanDrifted(drift);
    try {
      const body = patch.body(workload, workload.resourceVersion);
      await cluster.patch(target, { type: patch.type, body, fieldManager });
      return;
    } catch (error) {
      if (!isError(error, "PatchConflict")) throw error;
    }
  }
  throw new PatchConflict(`${target.name} changed each of the ${conflictsAtMost} times it was to be written`);
}

/** What the API server would store; throws what it would refuse. */
export async function dryRunTemplate(
  cluster: Cluster,
  workload: Workload,
  patch: TemplatePatch,
): Promise<JsonObject> {
  const stored = await cluster.patch(workload.target, {
    type: patch.type,
    body: patch.body(workload, null),
    dryRun: true,
    fieldManager,
  });
  return (stored["spec"] as { template: JsonObject }).template;
}

/** Whether the write is there, recognized by the template alone, so that a crash before it was recorded does no harm. */
export async function observeTemplate(
  cluster: Cluster,
  target: Target,
  write: TemplateWrite,
  done: string,
): Promise<Observation> {
  let workload: Workload;
  try {
    workload = await cluster.workload(target);
  } catch (error) {
    if (!isRefusal(error, "not-found")) throw error;
    return { state: "diverged", detail: `${target.name} was deleted` };
  }
  if (workload.uid === write.uid && write.leaves.includes(templateDigest(workload.template)))
    return { state: "done", evidence: [{ what: done, ok: true }] };
  const drift = driftOf(write, workload);
  if (drift !== null) return { state: "diverged", detail: drift };
  return { state: "pending", detail: "Not written yet" };
}

export function leaves(...templates: (JsonObject | null)[]): string[] {
  const digests = templates.flatMap((template) => (template === null ? [] : [templateDigest(template)]));
  return [...new Set(digests)];
}

import { isUserError, PlanDrifted } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import type { Evidence } from "../../domain/timeline.ts";
import type { EnvironmentContext, Observation } from "../../engine/playbooks/action.ts";
import type { JsonObject } from "../../engine/ports.ts";
import { refusedHalfway } from "../../engine/refused-halfway.ts";
import { lastManager } from "../rollout/field-owners.ts";
import { fieldManager } from "../rollout/write-template.ts";
import { appliedFields, type FieldSet, partOf, pick } from "./owned-fields.ts";

/** One object as a step is to leave it; what is sent is kept apart, because it may be a Secret. */
export type ObjectWrite = {
  do: "apply" | "remove";
  kind: string;
  ref: { group: string; version: string; resource: string; namespace: string | null; name: string };
  /** Of the object when it was planned; null: there was none. */
  uid: string | null;
  /** What crai owns of it then; null: not known before it is there. */
  fields: FieldSet | null;
  /** Digest of what these fields were when it was planned. */
  from: string;
  /** Digest of what crai owns of it then. */
  leaves: string | null;
  /** Takes fields over from the managers that the plan names. */
  force: boolean;
  /** Whether it comes to another object than there is. */
  changes: boolean;
};

/** What is sent for each write of an `apply`, by the object's name. */
export type Contents = ReadonlyMap<string, JsonObject>;

export function objectName({ kind, ref }: Pick<ObjectWrite, "kind" | "ref">): string {
  return `${kind} ${ref.name}`;
}

type Seen = { is: "done" | "todo" } | { is: "drifted"; how: string };

function uidOf(object: JsonObject): string {
  return (object["metadata"] as { uid: string }).uid;
}

/** Digest of what crai owns of an object: nothing of it, when its manifest only names it. */
export function ownDigest(object: JsonObject): string {
  return digest(partOf(object, appliedFields(object, fieldManager) ?? {}));
}

export function fromDigest(live: JsonObject | null, fields: FieldSet | null): string {
  return digest(live === null || fields === null ? null : (pick(live, fields) ?? null));
}

async function lookAt(
  write: ObjectWrite,
  contents: Contents,
  { cluster }: EnvironmentContext,
): Promise<Seen> {
  const live = await cluster.objects.get(write.ref);
  if (write.do === "remove") return { is: live === null || uidOf(live) !== write.uid ? "done" : "todo" };
  const name = objectName(write);
  if (live === null)
    return write.uid === null ? { is: "todo" } : { is: "drifted", how: `${name} was deleted` };
  const wanted = write.leaves ?? ownDigest(await dryRun(write, contents, cluster.objects));
  if (ownDigest(live) === wanted) return { is: "done" };
  const by = lastManager(live);
  if (write.uid === null) return { is: "drifted", how: `${name} was made by ${by} meanwhile` };
  if (uidOf(live) !== write.uid) return { is: "drifted", how: `${name} was deleted and made again` };
  if (write.fields !== null && fromDigest(live, write.fields) !== write.from)
    return { is: "drifted", how: `${name} was changed by ${by}` };
  return { is: "todo" };
}

function contentOf(write: ObjectWrite, contents: Contents): JsonObject {
  const content = contents.get(objectName(write));
  if (content === undefined) throw new PlanDrifted(`The manifest of ${objectName(write)} is gone`);
  return content;
}

function dryRun(
  write: ObjectWrite,
  contents: Contents,
  objects: EnvironmentContext["cluster"]["objects"],
): Promise<JsonObject> {
  const options = { fieldManager, dryRun: true, force: write.force };
  return objects.apply(write.ref, contentOf(write, contents), options);
}

/** Once each, in their order; stops at the first that the cluster refuses. `observeWrites` then says how far it got. */
export async function applyWrites(
  writes: readonly ObjectWrite[],
  contents: Contents,
  context: EnvironmentContext,
): Promise<void> {
  const { objects } = context.cluster;
  let changed = false;
  for (const write of writes) {
    const seen = await lookAt(write, contents, context);
    try {
      if (seen.is === "drifted") throw new PlanDrifted(seen.how);
      if (seen.is === "todo" && write.do === "remove") await objects.remove(write.ref, write.uid!);
      if (seen.is === "todo" && write.do === "apply")
        await objects.apply(write.ref, contentOf(write, contents), { fieldManager, force: write.force });
    } catch (error) {
      if (refusedHalfway(changed, error)) return;
      throw error;
    }
    changed ||= seen.is === "todo" || write.changes;
  }
}

/** Why what is missing is missing, asked of the cluster without writing. */
async function reasonOf(
  write: ObjectWrite,
  contents: Contents,
  context: EnvironmentContext,
): Promise<string> {
  const name = objectName(write);
  if (write.do === "remove") return `${name} is still there`;
  try {
    await dryRun(write, contents, context.cluster.objects);
    return `${name} was not applied`;
  } catch (error) {
    if (isUserError(error)) return `${name} was not applied. ${error.message}: ${error.why}`;
    throw error;
  }
}

/** How far the writes are, by the objects themselves: by what crai owns of each, and not by what crai remembers. */
export async function observeWrites(
  writes: readonly ObjectWrite[],
  contents: Contents,
  context: EnvironmentContext,
): Promise<Observation> {
  const seen = await Promise.all(writes.map((write) => lookAt(write, contents, context)));
  const evidence = writes.map((write, index): Evidence => {
    const there = seen[index]!.is === "done";
    const verb = write.do === "remove" ? "removed" : "applied";
    return { what: `${objectName(write)} ${there ? "" : "not "}${verb}`, ok: there };
  });
  const drifted = seen.find((one) => one.is === "drifted");
  const acted = context.inHand?.acted() === true;
  if (drifted !== undefined)
    return acted
      ? { state: "failed", detail: drifted.how, evidence }
      : { state: "diverged", detail: drifted.how };
  const missing = writes.find((_, index) => seen[index]!.is === "todo");
  if (missing === undefined) return { state: "done", evidence: changesFirst(evidence, writes) };
  if (acted && missing.do === "apply")
    return { state: "failed", detail: await reasonOf(missing, contents, context), evidence };
  return {
    state: "pending",
    detail: `${evidence.filter(({ ok }) => ok).length} of ${writes.length} objects`,
  };
}

/** What did not change is one line. */
function changesFirst(evidence: readonly Evidence[], writes: readonly ObjectWrite[]): Evidence[] {
  const changed = evidence.filter((_, index) => writes[index]!.changes);
  const rest = writes.filter(({ changes }) => !changes).map(objectName);
  return [...changed, ...(rest.length === 0 ? [] : [{ what: `${rest.join(", ")} unchanged`, ok: true }])];
}

function callsFor({ ref, uid, do: what }: ObjectWrite, cluster: string): ResourceCall[] {
  const { name: _, ...all } = ref;
  const on = (verb: ResourceCall["verb"]): ResourceCall => ({ cluster, verb, ...ref });
  if (what === "remove") return [on("get"), on("delete")];
  // Creating by server-side apply asks for `create` too.
  return [on("get"), on("patch"), ...(uid === null ? [{ cluster, verb: "create" as const, ...all }] : [])];
}

/**
 * The calls that the writes come to. A dry run that the cluster accepted has proved the rights for its object: of these
 * one of each kind stands for all, so that twenty manifests are not sixty more questions.
 */
export function callsOf(writes: readonly ObjectWrite[], cluster: string): ResourceCall[] {
  const stands = new Set<string>();
  return writes.flatMap((write) =>
    callsFor(write, cluster).filter(({ verb, group, resource, namespace }) => {
      if (write.leaves === null) return true;
      const key = [verb, group, resource, namespace].join(" ");
      const first = !stands.has(key);
      stands.add(key);
      return first;
    }),
  );
}

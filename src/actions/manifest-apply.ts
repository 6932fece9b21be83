import { z } from "zod";
import { PlanDrifted } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import type { JsonObject } from "../engine/ports.ts";
import { inverseOf } from "./manifest/inverse.ts";
import { objectDiff } from "./manifest/object-diff.ts";
import {
  applyWrites,
  callsOf,
  type Contents,
  objectName,
  observeWrites,
  type ObjectWrite,
} from "./manifest/object-writes.ts";
import { planObject, type PlannedObject } from "./manifest/plan-object.ts";
import { appsOf, prepare, type Prepared, type Selection, targetOf } from "./manifest/prepare.ts";
import { ManifestFile } from "./manifest/read-files.ts";
import { type Left, leftBefore, leftBy, templateOf } from "./manifest/step-state.ts";
import { applyLines, changeText } from "./manifest/words.ts";
import { referenceWarnings, uncheckedReferences } from "./rollout/workload-warnings.ts";

const Params = z.strictObject({
  files: z
    .array(ManifestFile)
    .min(1)
    .describe("files of `manifests.directory`, each with one object or several"),
  tag: z
    .string()
    .regex(/^\w[\w.-]{0,127}$/, "the tag of an image")
    .nullable()
    .default(null)
    .describe("set on the apps that follow it (`manifests.follow`); null: the images are as the files say"),
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a namespace")
    .nullable()
    .default(null)
    .describe("where the objects go; default: the environment's namespace"),
  keep: z
    .boolean()
    .default(false)
    .describe(
      "an undo leaves what it made as it is, because it holds data; volumes and StatefulSets always stay",
    ),
  takeOver: z
    .boolean()
    .nullable()
    .default(false)
    .describe(
      "takes fields over from every other field manager, and not only from those of `manifests.takeOver`",
    ),
});

type ApplyState = {
  selection: Selection;
  /** Of everything that is sent: the files must be the same when it is. */
  content: string;
  writes: ObjectWrite[];
  /** Templates of its workloads, which `rollout-wait` waits for too. */
  leaves: string[];
  left: Left;
};

function contentDigest(contents: Contents): string {
  return digest(Object.fromEntries(contents));
}

/** The same manifests that were planned. Throws PlanDrifted when a file is another by now. */
async function sameContents(
  { selection, content }: ApplyState,
  context: EnvironmentContext,
): Promise<Contents> {
  const { contents } = await prepare(selection, context);
  if (contentDigest(contents) !== content)
    throw new PlanDrifted(`${selection.files.join(", ")} changed since it was planned`);
  return contents;
}

/** ConfigMaps and Secrets that its pods cannot start without, and that no manifest of the plan brings. */
async function missingReferences(
  planned: readonly PlannedObject[],
  brought: ReadonlySet<string>,
  { cluster }: EnvironmentContext,
): Promise<{ warnings: Warning[]; unchecked: string | null }> {
  const changed = planned.filter(({ write }) => write.changes);
  const found = await Promise.all(
    changed.map(async ({ write: { ref }, stored }) => {
      const template = templateOf(stored);
      return template === null || ref.namespace === null ? [] : cluster.references(ref.namespace, template);
    }),
  );
  const needed = found.flat().filter(({ kind, name }) => !brought.has(`${kind} ${name}`));
  return { warnings: referenceWarnings(needed), unchecked: uncheckedReferences(needed) };
}

function factsOf(planned: readonly PlannedObject[], prepared: Prepared, files: readonly string[]) {
  const changes = planned.filter(({ write }) => write.changes);
  const rest = planned.length - changes.length;
  const value = [
    ...changes.map((one) => changeText(one, prepared.followed)),
    ...(changes.length === 0 ? ["unchanged"] : rest > 0 ? [`${rest} unchanged`] : []),
  ].join("; ");
  return { label: files.join(", "), value };
}

/** Server-side apply of manifests: Namespaces first, then in the order in which kinds need each other. */
export const manifestApply = defineAction<z.infer<typeof Params>, ApplyState, "environment">({
  name: "manifest-apply",
  scope: "environment",
  params: Params,
  permission: "manifest:apply",
  endsPods: true,

  async plan({ files, tag, namespace, keep, takeOver }, context) {
    const { clusterName, maskKey, settings } = context;
    const selection: Selection = { files, tag, namespace };
    const prepared = await prepare(selection, context);
    const earlier = leftBefore(context);
    const rules = {
      takeOver: settings.manifests?.takeOver ?? [],
      force: takeOver === true,
      newNamespaces: new Set([
        ...earlier.flatMap((left) => left.namespaces),
        ...prepared.wanted.flatMap(({ kind, ref }) => (kind === "Namespace" ? [ref.name] : [])),
      ]),
    };
    const planned = await Promise.all(prepared.wanted.map((wanted) => planObject(wanted, rules, context)));
    const writes = planned.map(({ write }) => write);
    const left = leftBy(planned, clusterName);
    const brought = new Set([...earlier.flatMap(({ objects }) => objects), ...left.objects]);
    const references = await missingReferences(planned, brought, context);
    const title = `Apply ${files.join(", ")}`;
    const undo = inverseOf(planned, `Take back ${files.join(", ")}`, keep);
    const targets = left.workloads.map(({ target }) => target);
    const apps = appsOf(targets, context);
    const diffs = planned.flatMap(({ write, live, stored }) => {
      // What is new is shown as its manifest has it, without the server's defaults.
      const after: JsonObject | null =
        live === null ? (prepared.contents.get(objectName(write)) ?? null) : stored;
      const diff = after && objectDiff(objectName(write), { before: live, after }, maskKey);
      return diff === null ? [] : [diff];
    });
    return {
      title,
      calls: callsOf(writes, clusterName),
      facts: [
        factsOf(planned, prepared, files),
        ...(undo.stays.length > 0 ? [{ label: "An undo leaves", value: undo.stays.join(", ") }] : []),
        ...(references.unchecked === null ? [] : [{ label: "Not checked", value: references.unchecked }]),
      ],
      diff: diffs.length === 0 ? null : diffs.join("\n"),
      kubectl: applyLines(selection, prepared, { writes, directory: settings.manifests?.directory ?? "." }),
      warnings: [...planned.flatMap(({ warnings }) => warnings), ...references.warnings],
      fingerprint: digest([
        contentDigest(prepared.contents),
        writes.map(({ uid, from, leaves, force }) => [uid, from, leaves, force]),
      ]),
      inverse: undo.inverse,
      state: {
        selection,
        content: contentDigest(prepared.contents),
        writes,
        leaves: left.workloads.flatMap(({ template }) => template ?? []),
        left,
      },
      targets: planned.flatMap(({ write }) => targetOf(write, clusterName) ?? []),
      ...(apps.length > 0 && { apps }),
    };
  },

  async apply(state, context) {
    await applyWrites(state.writes, await sameContents(state, context), context);
  },

  async observe(state, context) {
    let contents: Contents;
    try {
      contents = await sameContents(state, context);
    } catch (error) {
      if (!(error instanceof PlanDrifted)) throw error;
      return { state: "diverged", detail: error.message };
    }
    return observeWrites(state.writes, contents, context);
  },
});

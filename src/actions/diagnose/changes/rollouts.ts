import { z } from "zod";
import { cleanLine } from "../../../domain/clean-text.ts";
import { sameTemplate } from "../../../domain/pod-template.ts";
import type { JsonObject } from "../../../engine/ports.ts";
import { changedKeys } from "../../rollout/template-diff.ts";
import type { Change } from "../seen.ts";
import { isSince, type LookForChanges } from "./look.ts";

const Template = z.object({
  spec: z.object({ containers: z.array(z.object({ image: z.string().default("") })) }),
});

const Owned = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
  }),
  spec: z.object({ template: z.record(z.string(), z.json()) }),
});
type Owned = z.infer<typeof Owned>;

/** Timestamps tell seconds apart, and two revisions may be made within one. */
function revisionOf({ metadata }: Owned): number {
  return Number(metadata.annotations["deployment.kubernetes.io/revision"]) || 0;
}

function tag(image: string): string {
  return cleanLine(image.split("/").at(-1) ?? image).slice(0, 120);
}

function imagesOf(template: JsonObject): string {
  return Template.parse(template)
    .spec.containers.map(({ image }) => tag(image))
    .join(", ");
}

/** What `kubectl rollout restart` leaves in a template. */
const restarted = "kubectl.kubernetes.io/restartedAt";

function withoutRestart(template: JsonObject): JsonObject {
  const metadata = (template["metadata"] ?? {}) as JsonObject;
  const { [restarted]: _, ...annotations } = (metadata["annotations"] ?? {}) as JsonObject;
  return { ...template, metadata: { ...metadata, annotations } };
}

/** A release has another image; the same image with another template was restarted, or changed in what is named. */
function whatChanged(template: JsonObject, before: JsonObject | undefined): Pick<Change, "kind" | "what"> {
  const images = imagesOf(template);
  if (before === undefined || imagesOf(before) !== images)
    return { kind: "rollout", what: `rolled out ${images}` };
  const [was, is] = [withoutRestart(before), withoutRestart(template)];
  if (sameTemplate(was, is)) return { kind: "restart", what: "was restarted" };
  return { kind: "rollout", what: `rolled out ${images} with another ${changedKeys(was, is).join(", ")}` };
}

/**
 * A new ReplicaSet is a new template of its Deployment. Going back to an old one is told by what crai has done.
 * A Deployment hands its change cause on to each new revision: one that the revision before it had, too, is not its own.
 */
export const rolloutChanges: LookForChanges = async ({ cluster, target }, since) => {
  const found: Change[] = [];
  const sets: Owned[] = [];
  const listed = { group: "apps", resource: "replicasets", namespace: target.namespace };
  for await (const item of cluster.objects.list(listed)) sets.push(Owned.parse(item));
  const before = new Map<string, { cause: string | undefined; template: JsonObject }>();
  for (const set of sets.toSorted((a, b) => revisionOf(a) - revisionOf(b))) {
    const { metadata, spec } = set;
    const owner = metadata.ownerReferences.find(({ kind }) => kind === "Deployment")?.name;
    if (owner === undefined) continue;
    const told = metadata.annotations["kubernetes.io/change-cause"];
    const previous = before.get(owner);
    const cause = told === previous?.cause ? undefined : told;
    before.set(owner, { cause: told, template: spec.template });
    if (!isSince(metadata.creationTimestamp, since)) continue;
    const { kind, what } = whatChanged(spec.template, previous?.template);
    found.push({
      at: metadata.creationTimestamp,
      kind,
      own: owner === target.name,
      what: `${owner} ${what}${cause === undefined ? "" : ` (${cleanLine(cause).slice(0, 120)})`}`,
    });
  }
  return found;
};

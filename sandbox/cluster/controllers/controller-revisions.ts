import { sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { claim } from "./claim.ts";
import type { Workbench } from "./controller.ts";
import { sorted, templateHash } from "./hash.ts";
import type { ControllerRevision, LabelSelector, PodTemplate } from "./objects.ts";
import { byAge, controllerReference } from "./ownership.ts";

export const revisionLabel = "controller-revision-hash";

/** What StatefulSets and DaemonSets have in common here: a template whose versions are kept as revisions. */
export interface Revisioned extends KubeObject {
  spec: { template: PodTemplate; selector: LabelSelector; revisionHistoryLimit?: number };
}

/** The set's revisions, lowest number first. */
export function listRevisions(bench: Workbench, owner: Revisioned): ControllerRevision[] {
  const revisions = claim(bench, "controllerrevisions", owner, owner.spec.selector) as ControllerRevision[];
  return revisions.sort((a, b) => a.revision - b.revision || byAge(a, b));
}

/**
 * The revision of the present template: the latest, or an older equal one, which gets the next number (so a
 * rollback renumbers), or a new one. Keys are sorted because kubectl compares `.data` byte by byte.
 */
export function ensureRevision(
  bench: Workbench,
  owner: Revisioned,
  revisions: ControllerRevision[],
): ControllerRevision {
  const { metadata, spec } = owner.spec.template;
  // Kubernetes 1.32 writes the empty creationTimestamp of every template, and so does kubectl when it compares.
  const template = { $patch: "replace", metadata: { creationTimestamp: null, ...metadata }, spec };
  const data = sorted({ spec: { template } }) as ControllerRevision["data"];
  const next = (revisions.at(-1)?.revision ?? 0) + 1;
  const equal = revisions.findLast((one) => sameJson(one.data, data));
  if (equal && equal === revisions.at(-1)) return equal;
  if (equal) {
    return bench.store.update(
      "controllerrevisions",
      { ...equal, revision: next },
      bench.by(),
    ) as ControllerRevision;
  }
  return createRevision(bench, owner, { data, revision: next, collision: 0 });
}

function createRevision(
  bench: Workbench,
  owner: Revisioned,
  { data, revision, collision }: { data: ControllerRevision["data"]; revision: number; collision: number },
): ControllerRevision {
  const { template } = owner.spec;
  const hash = templateHash(data, collision);
  const name = `${owner.metadata.name}-${hash}`;
  if (bench.store.get("controllerrevisions", owner.metadata.namespace, name)) {
    return createRevision(bench, owner, { data, revision, collision: collision + 1 });
  }
  const { [notRevisioned]: _applied, ...annotations } = owner.metadata.annotations ?? {};
  const created: ControllerRevision = {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name,
      namespace: owner.metadata.namespace!,
      labels: { ...template.metadata?.labels, [revisionLabel]: hash },
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  };
  return bench.store.create("controllerrevisions", created, bench.by()) as ControllerRevision;
}

const notRevisioned = "kubectl.kubernetes.io/last-applied-configuration";

/** Forgets the oldest revisions beyond the limit, but none that pods still run. */
export function truncateRevisions(
  bench: Workbench,
  owner: Revisioned,
  revisions: ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
): void {
  const limit = owner.spec.revisionHistoryLimit ?? 10;
  const unused = revisions.filter((revision) => !isLive(revision));
  for (const { metadata } of unused.slice(0, Math.max(0, unused.length - limit))) {
    bench.store.delete("controllerrevisions", metadata.namespace, metadata.name, bench.by());
  }
}

/** The template as it was at a revision. */
export function templateOf(revision: ControllerRevision): PodTemplate {
  const { $patch: _patch, ...template } = revision.data.spec.template;
  return template;
}

import { sameTemplate } from "../../domain/pod-template.ts";
import type { JsonObject, Revision, Workload } from "../../engine/ports.ts";
import { ControllerRevision, isControlledBy, ReplicaSet } from "./shapes.ts";

const changeCause = "kubernetes.io/change-cause";

/** 0 without the annotation, undefined when it is no number: kubectl counts the first and passes over the second. */
export function revisionNumber(annotations: Readonly<Record<string, string>>): number | undefined {
  const text = annotations["deployment.kubernetes.io/revision"];
  if (text === undefined) return 0;
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

type Found = Omit<Revision, "current">;

function oldestFirst(a: Found, b: Found): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.name < b.name ? -1 : 1);
}

/** The ReplicaSets a Deployment controls. Of two with the workload's template the older one is current. */
function fromReplicaSets(workload: Workload, items: readonly JsonObject[]): Revision[] {
  const found = items
    .map((raw) => ({ raw, ...ReplicaSet.parse(raw) }))
    .filter(({ metadata }) => isControlledBy(metadata, workload.uid))
    .flatMap(({ raw, metadata, spec }): Found[] => {
      const number = revisionNumber(metadata.annotations);
      if (number === undefined) return [];
      return [
        {
          number,
          name: metadata.name,
          createdAt: metadata.creationTimestamp,
          template: spec.template,
          annotations: metadata.annotations,
          changeCause: metadata.annotations[changeCause] ?? null,
          raw,
        },
      ];
    })
    .sort(oldestFirst);
  const current = found.find(({ template }) => sameTemplate(template, workload.template));
  const others = found.filter((revision) => revision !== current);
  // kubectl looks through the old ones by age and at the current one last; a tie in number is decided by that order.
  return [...others, ...(current === undefined ? [] : [current])].map((revision) => ({
    ...revision,
    current: revision === current,
  }));
}

function fromControllerRevisions(workload: Workload, items: readonly JsonObject[]): Revision[] {
  const found = items
    .map((raw) => ({ raw, ...ControllerRevision.parse(raw) }))
    .filter(({ metadata }) => isControlledBy(metadata, workload.uid))
    .map(({ raw, metadata, revision, data }): Found => {
      const { $patch: _, ...template } = data.spec.template;
      return {
        number: revision,
        name: metadata.name,
        createdAt: metadata.creationTimestamp,
        template,
        annotations: metadata.annotations,
        changeCause: metadata.annotations[changeCause] ?? null,
        raw,
      };
    })
    .sort(oldestFirst);
  const current = found.findLast(({ template }) => sameTemplate(template, workload.template));
  return found.map((revision) => ({ ...revision, current: revision === current }));
}

/** What `kubectl rollout history` lists, by rising number. */
export function toRevisions(workload: Workload, items: readonly JsonObject[]): Revision[] {
  const read = workload.target.kind === "deployment" ? fromReplicaSets : fromControllerRevisions;
  return read(workload, items).sort((a, b) => a.number - b.number);
}

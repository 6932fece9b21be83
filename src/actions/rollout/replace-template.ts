import type { JsonObject, Workload } from "../../engine/ports.ts";
import type { TemplatePatch, TemplateWrite } from "./write-template.ts";

/** A whole template to put in place, with what an undo does to the annotations of a Deployment. */
export type Replacement = {
  template: JsonObject;
  /** Deployments only: the annotations that come with the template; null leaves them alone, as for the other kinds. */
  annotations: Record<string, string> | null;
};

/** State of the actions that put a whole template in place. */
export type ReplaceState = TemplateWrite & Replacement & { done: string };

/** What belongs to the Deployment and not to one of its revisions: `kubectl rollout undo` keeps these. */
const keptAnnotations = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
  "deployment.kubernetes.io/revision-history",
  "deployment.kubernetes.io/desired-replicas",
  "deployment.kubernetes.io/max-replicas",
  "deprecated.deployment.rollback.to",
];

/** The Deployment's own values of what is kept, and everything else from the revision. */
export function annotationsAfter(
  current: Readonly<Record<string, string>>,
  revision: Readonly<Record<string, string>>,
): Record<string, string> {
  const isKept = (key: string): boolean => keptAnnotations.includes(key);
  return {
    ...Object.fromEntries(Object.entries(current).filter(([key]) => isKept(key))),
    ...Object.fromEntries(Object.entries(revision).filter(([key]) => !isKept(key))),
  };
}

function withoutHash(template: JsonObject): JsonObject {
  const metadata = (template["metadata"] ?? {}) as JsonObject;
  const { "pod-template-hash": _, ...labels } = (metadata["labels"] ?? {}) as JsonObject;
  return { ...template, metadata: { ...metadata, labels } };
}

function deploymentPatch({ template, annotations }: Replacement): TemplatePatch {
  return {
    type: "json",
    body: (workload, resourceVersion) => [
      { op: "test", path: "/metadata/uid", value: workload.uid },
      ...(resourceVersion === null
        ? []
        : [{ op: "test", path: "/metadata/resourceVersion", value: resourceVersion }]),
      { op: "replace", path: "/spec/template", value: withoutHash(template) },
      // `add` replaces what is there and, unlike `replace`, does not fail where there is nothing (RFC 6902).
      {
        op: "add",
        path: "/metadata/annotations",
        value: annotationsAfter(workload.annotations, annotations ?? workload.annotations),
      },
    ],
  };
}

/** A ControllerRevision's data is a strategic merge patch; sent as any other type, `$patch` would be stored. */
function revisionPatch({ template }: Replacement): TemplatePatch {
  return {
    type: "strategic",
    body: ({ uid }, resourceVersion) => ({
      metadata: { uid, ...(resourceVersion === null ? {} : { resourceVersion }) },
      spec: { template: { ...template, $patch: "replace" } },
    }),
  };
}

export function replacementPatch(workload: Pick<Workload, "target">, change: Replacement): TemplatePatch {
  return workload.target.kind === "deployment" ? deploymentPatch(change) : revisionPatch(change);
}

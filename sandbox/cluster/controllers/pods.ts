import { admitPod } from "../admission/admit.ts";
import { prepareNew } from "../defaults/defaults.ts";
import { randomSuffix } from "../defaults/pods.ts";
import type { KubeObject } from "../object.ts";
import type { Workbench } from "./controller.ts";
import type { Pod, PodTemplate } from "./objects.ts";
import { controllerReference } from "./ownership.ts";

export function podFromTemplate(owner: KubeObject, template: PodTemplate, name: string): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const pod: Pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: owner.metadata.namespace!,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone(template.spec),
  };
  prepareNew("pods", pod, true);
  return pod;
}

/** Creates a pod with a generated name and says so; a refusal is said too, and thrown to be tried again. */
export function createPod(
  bench: Workbench,
  owner: KubeObject,
  template: PodTemplate,
  prefix = `${owner.metadata.name}-`,
): void {
  const pod = podFromTemplate(owner, template, `${prefix}${randomSuffix()}`);
  pod.metadata.generateName = prefix;
  try {
    storePod(bench, pod);
  } catch (error) {
    const message = `Error creating: ${error instanceof Error ? error.message : String(error)}`;
    bench.record(owner, { type: "Warning", reason: "FailedCreate", message });
    throw error;
  }
  bench.record(owner, {
    type: "Normal",
    reason: "SuccessfulCreate",
    message: `Created pod: ${pod.metadata.name}`,
  });
}

/** Throws StatusError 403 when a quota or a limit of the namespace forbids the pod. */
export function storePod(bench: Workbench, pod: Pod): void {
  admitPod(bench.store, pod);
  bench.store.create("pods", pod, bench.by());
}

export function deletePod(bench: Workbench, owner: KubeObject, pod: Pod): void {
  bench.store.delete("pods", pod.metadata.namespace, pod.metadata.name, bench.by());
  bench.record(owner, {
    type: "Normal",
    reason: "SuccessfulDelete",
    message: `Deleted pod: ${pod.metadata.name}`,
  });
}

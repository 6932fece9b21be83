import { applyDefaultClass } from "../admission/default-classes.ts";
import { prepareNew } from "../defaults/defaults.ts";
import type { KubeObject } from "../object.ts";
import type { Workbench } from "./controller.ts";
import type { Pod, StatefulSet } from "./objects.ts";

/**
 * Gives a StatefulSet's pod the claims of its own that the set's templates ask for. A claim that is there already is
 * used again: that is how a pod comes back to its data.
 */
export function provideClaims(bench: Workbench, set: StatefulSet, pod: Pod): void {
  const templates = set.spec.volumeClaimTemplates ?? [];
  const { namespace } = set.metadata;
  for (const template of templates) {
    const name = `${template.metadata.name}-${pod.metadata.name}`;
    if (bench.store.get("persistentvolumeclaims", namespace, name)) continue;
    const labels = { ...template.metadata.labels, ...set.spec.selector.matchLabels };
    const { annotations } = template.metadata;
    const claim: KubeObject = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: namespace!, labels, ...(annotations && { annotations }) },
      spec: structuredClone(template["spec"]),
    };
    applyDefaultClass(bench.store, "persistentvolumeclaims", claim);
    prepareNew("persistentvolumeclaims", claim, true);
    bench.store.create("persistentvolumeclaims", claim, bench.by());
    const message = `create Claim ${name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} success`;
    bench.record(set, { type: "Normal", reason: "SuccessfulCreate", message });
  }
  const mounted = templates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${pod.metadata.name}` },
  }));
  const names = new Set(mounted.map(({ name }) => name));
  const others = (pod.spec.volumes ?? []).filter(({ name }) => !names.has(name));
  if (mounted.length > 0) pod.spec.volumes = [...mounted, ...others];
}

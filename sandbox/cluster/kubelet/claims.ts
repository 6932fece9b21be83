import { child, items } from "../fields.ts";
import type { KubeObject, Store } from "../store.ts";

/** Names of the claims whose volumes a pod mounts. */
export function claimNames(pod: KubeObject): string[] {
  return items(child(pod, "spec"), "volumes").flatMap((volume) => {
    const name = child(volume, "persistentVolumeClaim")?.["claimName"];
    return typeof name === "string" ? [name] : [];
  });
}

/** Why a pod's claims keep it from every node; undefined when they do not. */
export function claimProblem(store: Store, pod: KubeObject): string | undefined {
  for (const name of claimNames(pod)) {
    const claim = store.get("persistentvolumeclaims", pod.metadata.namespace, name);
    if (!claim) return `persistentvolumeclaim "${name}" not found`;
    if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
    if (child(claim, "status")?.["phase"] !== "Bound" && !waitsForPod(store, claim)) {
      return "pod has unbound immediate PersistentVolumeClaims";
    }
  }
  return undefined;
}

function waitsForPod(store: Store, claim: KubeObject): boolean {
  const name = child(claim, "spec")?.["storageClassName"];
  const storageClass = typeof name === "string" ? store.get("storageclasses", undefined, name) : undefined;
  return storageClass?.["volumeBindingMode"] === "WaitForFirstConsumer";
}

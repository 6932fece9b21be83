import type { Container, KeyReference, Pod } from "../controllers/objects.ts";
import type { Store } from "../store.ts";

/** Kubelet's words for the first ConfigMap or Secret that a container's environment needs and cannot have. */
export function missingForEnvironment(store: Store, pod: Pod, container: Container): string | undefined {
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    const missing =
      missingObject(store, pod, configMapRef, "configmap") ?? missingObject(store, pod, secretRef, "secret");
    if (missing) return missing;
  }
  for (const { valueFrom } of container.env ?? []) {
    const missing =
      missingKey(store, pod, valueFrom?.configMapKeyRef, "configmap") ??
      missingKey(store, pod, valueFrom?.secretKeyRef, "secret");
    if (missing) return missing;
  }
  return undefined;
}

/** The same for volumes: containers are not even created. */
export function missingForVolumes(store: Store, pod: Pod): string | undefined {
  for (const volume of pod.spec.volumes ?? []) {
    const secret = volume.secret && { ...volume.secret, name: volume.secret.secretName };
    const missing =
      missingObject(store, pod, volume.configMap, "configmap") ?? missingObject(store, pod, secret, "secret");
    if (missing) return `MountVolume.SetUp failed for volume "${volume.name}" : ${missing}`;
  }
  return undefined;
}

type Holder = "configmap" | "secret";

function missingObject(
  store: Store,
  pod: Pod,
  reference: { name: string; optional?: boolean } | undefined,
  kind: Holder,
): string | undefined {
  if (!reference || reference.optional) return undefined;
  const found = store.get(`${kind}s`, pod.metadata.namespace, reference.name);
  return found ? undefined : `${kind} "${reference.name}" not found`;
}

function missingKey(
  store: Store,
  pod: Pod,
  reference: KeyReference | undefined,
  kind: Holder,
): string | undefined {
  if (!reference || reference.optional) return undefined;
  const { namespace } = pod.metadata;
  const found = store.get(`${kind}s`, namespace, reference.name);
  if (!found) return `${kind} "${reference.name}" not found`;
  const keys = { ...(found["data"] as object | undefined), ...(found["binaryData"] as object | undefined) };
  if (reference.key in keys) return undefined;
  const named = kind === "configmap" ? "ConfigMap" : "Secret";
  return `couldn't find key ${reference.key} in ${named} ${namespace}/${reference.name}`;
}

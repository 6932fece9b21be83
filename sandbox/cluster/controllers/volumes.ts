import { canonicalQuantity } from "../defaults/quantity.ts";
import { prepareNew } from "../defaults/defaults.ts";
import { child, textOr } from "../fields.ts";
import { claimNames } from "../kubelet/claims.ts";
import { parseQuantity } from "../kubelet/quantity.ts";
import { timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { Controller, Workbench } from "./controller.ts";
import { keyOf, splitKey } from "./ownership.ts";
import { isFinished } from "./pod-readiness.ts";
import type { Pod } from "./objects.ts";

/** StorageClasses with this provisioner get volumes made; those of others wait for theirs. */
export const practiceProvisioner = "disk.practice.example.com";

const protection = "kubernetes.io/pvc-protection";
/** Which provisioner is to make a claim's volume. */
const askedOf = ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"];
const provisionedBy = "pv.kubernetes.io/provisioned-by";

/** Binds claims to volumes, makes volumes where the class's provisioner is ours, and lets go of what is deleted. */
export const volumeController: Controller = {
  observe(plural, object, add) {
    if (plural === "persistentvolumeclaims") add(keyOf(object));
    if (plural === "persistentvolumes" || plural === "storageclasses") add("*/*");
    if (plural === "pods" && claimNames(object).length > 0) {
      for (const name of claimNames(object)) add(`${object.metadata.namespace}/${name}`);
    }
  },
  reconcile(bench, key) {
    if (key === "*/*") {
      for (const claim of bench.store.list("persistentvolumeclaims")) syncClaim(bench, claim);
    } else {
      const claim = bench.store.get("persistentvolumeclaims", ...splitKey(key));
      if (claim) syncClaim(bench, claim);
    }
    for (const volume of bench.store.list("persistentvolumes")) syncVolume(bench, volume);
  },
};

function usersOf(bench: Workbench, claim: KubeObject): Pod[] {
  const { name, namespace } = claim.metadata;
  const pods = bench.store.list("pods", namespace) as Pod[];
  return pods.filter((pod) => claimNames(pod).includes(name) && !isFinished(pod));
}

function syncClaim(bench: Workbench, claim: KubeObject): void {
  const { metadata } = claim;
  if (metadata.deletionTimestamp) {
    if (usersOf(bench, claim).length > 0) return;
    const finalizers = (metadata.finalizers ?? []).filter((one) => one !== protection);
    bench.store.update(
      "persistentvolumeclaims",
      { ...claim, metadata: { ...metadata, finalizers } },
      bench.by(),
    );
    return;
  }
  if (child(claim, "status")?.["phase"] === "Bound") return;
  const volume = matching(bench, claim) ?? provisioned(bench, claim);
  const current = bench.store.get("persistentvolumeclaims", metadata.namespace, metadata.name);
  if (volume && current) bind(bench, current, volume);
}

/** The smallest free volume that will do. */
function matching(bench: Workbench, claim: KubeObject): KubeObject | undefined {
  const spec = child(claim, "spec") ?? {};
  const wanted = bytes(child(child(spec, "resources"), "requests")?.["storage"]);
  const modes = modesOf(spec);
  const wants = (volume: KubeObject): boolean => {
    const offered = child(volume, "spec") ?? {};
    const reference = child(offered, "claimRef");
    const free = !reference || reference["uid"] === claim.metadata.uid;
    const named = spec["volumeName"] === undefined || spec["volumeName"] === volume.metadata.name;
    const sameClass = textOr(offered["storageClassName"], "") === textOr(spec["storageClassName"], "");
    return (
      free &&
      named &&
      sameClass &&
      modes.every((mode) => modesOf(offered).includes(mode)) &&
      size(volume) >= wanted
    );
  };
  const volumes = bench.store.list("persistentvolumes").filter(wants);
  return volumes.sort((a, b) => size(a) - size(b))[0];
}

function provisioned(bench: Workbench, claim: KubeObject): KubeObject | undefined {
  const spec = child(claim, "spec") ?? {};
  const name = textOr(spec["storageClassName"], "");
  const storageClass = name ? bench.store.get("storageclasses", undefined, name) : undefined;
  if (!storageClass) return undefined;
  if (storageClass["volumeBindingMode"] === "WaitForFirstConsumer" && usersOf(bench, claim).length === 0) {
    const message = "waiting for first consumer to be created before binding";
    bench.record(claim, { type: "Normal", reason: "WaitForFirstConsumer", message });
    return undefined;
  }
  const provisioner = textOr(storageClass["provisioner"], "");
  const marks = Object.fromEntries(askedOf.map((annotation) => [annotation, provisioner]));
  bench.store.update("persistentvolumeclaims", annotated(claim, marks), bench.by());
  if (provisioner !== practiceProvisioner) {
    const who = `either by the external provisioner '${provisioner}' or manually by the system administrator`;
    const check =
      "If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    const message = `Waiting for a volume to be created ${who}. ${check}`;
    bench.record(claim, { type: "Normal", reason: "ExternalProvisioning", message });
    return undefined;
  }
  const volume: KubeObject = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: `pvc-${claim.metadata.uid ?? ""}`,
      annotations: { [provisionedBy]: provisioner },
      finalizers: ["kubernetes.io/pv-protection"],
    },
    spec: {
      capacity: { storage: child(child(spec, "resources"), "requests")?.["storage"] },
      accessModes: spec["accessModes"],
      persistentVolumeReclaimPolicy: storageClass["reclaimPolicy"],
      storageClassName: name,
      volumeMode: spec["volumeMode"],
      csi: { driver: provisioner, volumeHandle: `disk-${claim.metadata.uid ?? ""}` },
    },
  };
  prepareNew("persistentvolumes", volume, true);
  const message = `Successfully provisioned volume ${volume.metadata.name}`;
  const created = bench.store.create("persistentvolumes", volume, bench.by());
  bench.record(claim, { type: "Normal", reason: "ProvisioningSucceeded", message });
  return created;
}

function bind(bench: Workbench, claim: KubeObject, volume: KubeObject): void {
  const { store } = bench;
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid, resourceVersion };
  const byController = { "pv.kubernetes.io/bound-by-controller": "yes" };
  const bound = store.update(
    "persistentvolumes",
    { ...annotated(volume, byController), spec: { ...child(volume, "spec"), claimRef } },
    bench.by(),
  );
  setPhase(bench, bound, "Bound");
  const completed = { "pv.kubernetes.io/bind-completed": "yes", ...byController };
  const written = store.update(
    "persistentvolumeclaims",
    { ...annotated(claim, completed), spec: { ...child(claim, "spec"), volumeName: volume.metadata.name } },
    bench.by(),
  );
  const { accessModes, capacity } = child(volume, "spec") ?? {};
  store.updateStatus(
    "persistentvolumeclaims",
    { ...written, status: { accessModes, capacity, phase: "Bound" } },
    bench.by(),
  );
}

function annotated(object: KubeObject, annotations: Record<string, string>): KubeObject {
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
  };
}

function syncVolume(bench: Workbench, volume: KubeObject): void {
  const spec = child(volume, "spec") ?? {};
  const reference = child(spec, "claimRef");
  const claim =
    reference &&
    bench.store.get(
      "persistentvolumeclaims",
      textOr(reference["namespace"], ""),
      textOr(reference["name"], ""),
    );
  const taken = claim?.metadata.uid === reference?.["uid"];
  if (volume.metadata.deletionTimestamp && (!reference || !taken)) {
    bench.store.update(
      "persistentvolumes",
      { ...volume, metadata: { ...volume.metadata, finalizers: [] } },
      bench.by(),
    );
  } else if (!reference) {
    setPhase(bench, volume, "Available");
  } else if (!taken && spec["persistentVolumeReclaimPolicy"] === "Delete") {
    const { metadata } = volume;
    bench.store.update(
      "persistentvolumes",
      { ...volume, metadata: { ...metadata, finalizers: [] } },
      bench.by(),
    );
    bench.store.delete("persistentvolumes", undefined, metadata.name, bench.by());
  } else if (!taken) {
    setPhase(bench, volume, "Released");
  }
}

function setPhase(bench: Workbench, volume: KubeObject, phase: string): void {
  if (child(volume, "status")?.["phase"] === phase) return;
  const status = { phase, lastPhaseTransitionTime: timestamp(bench.now()) };
  bench.store.updateStatus("persistentvolumes", { ...volume, status }, bench.by());
}

function modesOf(spec: Record<string, unknown>): unknown[] {
  return Array.isArray(spec["accessModes"]) ? spec["accessModes"] : [];
}

function size(volume: KubeObject): number {
  return bytes(child(child(volume, "spec"), "capacity")?.["storage"]);
}

function bytes(quantity: unknown): number {
  const canonical = canonicalQuantity(quantity);
  return typeof canonical === "string" ? parseQuantity(canonical) : 0;
}

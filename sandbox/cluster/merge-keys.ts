/**
 * Lists of the served kinds whose items have an identity. `merge` is the key of strategic merge patches,
 * `map` the keys by which managedFields name an item (source: the patchMergeKey and listMapKey tags of
 * k8s.io/api). A list that is not here is replaced and owned as a whole; tolerations are one of those.
 */
interface ListIdentity {
  merge: string;
  map?: string[];
  /** What a key is when an item leaves it out. */
  defaults?: Record<string, unknown>;
}

const byField: Record<string, ListIdentity> = {
  conditions: { merge: "type" },
  containers: { merge: "name" },
  containerStatuses: { merge: "name" },
  env: { merge: "name" },
  ephemeralContainers: { merge: "name" },
  hostAliases: { merge: "ip" },
  imagePullSecrets: { merge: "name" },
  initContainers: { merge: "name" },
  ownerReferences: { merge: "uid" },
  podIPs: { merge: "ip" },
  resourceClaims: { merge: "name" },
  schedulingGates: { merge: "name" },
  secrets: { merge: "name" },
  topologySpreadConstraints: { merge: "topologyKey", map: ["topologyKey", "whenUnsatisfiable"] },
  volumeDevices: { merge: "devicePath" },
  volumeMounts: { merge: "mountPath" },
  volumes: { merge: "name" },
};

const defaults = { protocol: "TCP" };
const containerPorts: ListIdentity = {
  merge: "containerPort",
  map: ["containerPort", "protocol"],
  defaults,
};
const servicePorts: ListIdentity = { merge: "port", map: ["port", "protocol"], defaults };
const nodeAddresses: ListIdentity = { merge: "type" };

/** How items of the list at `path` are told apart; undefined: the list is one value. */
export function listIdentity(path: readonly string[]): ListIdentity | undefined {
  const field = path.at(-1) ?? "";
  if (field === "ports" && path.length > 1) return path.at(-2) === "spec" ? servicePorts : containerPorts;
  if (field === "addresses") return path.at(-2) === "status" ? nodeAddresses : undefined;
  return Object.hasOwn(byField, field) ? byField[field] : undefined;
}

/** Lists of plain values that merge as sets. */
export function isSet(path: readonly string[]): boolean {
  const field = path.at(-1);
  return (
    (field === "finalizers" && path.at(-2) === "metadata") || (field === "podCIDRs" && path.at(-2) === "spec")
  );
}

const atomicObjects = new Set([
  "configMapKeyRef",
  "fieldRef",
  "involvedObject",
  "labelSelector",
  "namespaceSelector",
  "nodeSelector",
  "podSelector",
  "resourceFieldRef",
  "roleRef",
  "secretKeyRef",
  "selector",
]);

/** Lists whose items are references, each owned as one value. */
const referenceLists = new Set(["imagePullSecrets", "ownerReferences", "secrets"]);

/** Objects owned as one value (source: the structType and mapType tags of k8s.io/api). */
export function isAtomicObject(path: readonly string[]): boolean {
  const field = path.at(-1) ?? "";
  if (field === "port" && path.at(-2) === "service") return true;
  return atomicObjects.has(field) || (field === "*" && referenceLists.has(path.at(-2) ?? ""));
}

import { below } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";

interface Defaulted {
  field: string;
  classes: string;
  /** The annotation that makes a class the default one. */
  mark: string;
}

/** Kinds that get the cluster's default class when they name none. */
const defaulted: Record<string, Defaulted> = {
  ingresses: {
    field: "ingressClassName",
    classes: "ingressclasses",
    mark: "ingressclass.kubernetes.io/is-default-class",
  },
  persistentvolumeclaims: {
    field: "storageClassName",
    classes: "storageclasses",
    mark: "storageclass.kubernetes.io/is-default-class",
  },
};

/** What nobody may delete while it is in use carries this from the start. */
const protections: Record<string, string> = {
  persistentvolumeclaims: "kubernetes.io/pvc-protection",
  persistentvolumes: "kubernetes.io/pv-protection",
};

export function applyDefaultClass(store: Store, plural: string, object: KubeObject): void {
  const protection = protections[plural];
  if (protection && !object.metadata.finalizers?.includes(protection)) {
    object.metadata.finalizers = [...(object.metadata.finalizers ?? []), protection];
  }
  const rule = defaulted[plural];
  if (!rule || object.metadata.annotations?.["kubernetes.io/ingress.class"]) return;
  const spec = below(object, "spec");
  if (spec[rule.field] !== undefined) return;
  const [first] = store
    .list(rule.classes)
    .filter(({ metadata }) => metadata.annotations?.[rule.mark] === "true");
  if (first) spec[rule.field] = first.metadata.name;
}

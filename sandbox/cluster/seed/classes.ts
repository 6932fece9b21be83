import { ingressController } from "../controllers/ingress.ts";
import { practiceProvisioner } from "../controllers/volumes.ts";
import type { KubeObject } from "../object.ts";

/** The classes that Ingresses and claims of the system get when they name none. */
export const practiceClasses: { plural: string; object: KubeObject }[] = [
  {
    plural: "ingressclasses",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "nginx", annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
      spec: { controller: ingressController },
    },
  },
  {
    plural: "storageclasses",
    object: {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "fast-ssd", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: practiceProvisioner,
      allowVolumeExpansion: true,
    },
  },
];

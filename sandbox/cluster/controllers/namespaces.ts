import type { Controller, Workbench } from "./controller.ts";

/** Gives each namespace what every namespace has: a default service account and the cluster's root certificate. */
export const namespaceController: Controller = {
  observe(plural, object, add) {
    if (plural === "namespaces") add(object.metadata.name);
  },
  reconcile(bench, namespace) {
    if (!bench.store.get("namespaces", undefined, namespace)) return;
    ensure(bench, "serviceaccounts", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      name: "default",
      namespace,
    });
    ensure(bench, "configmaps", {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: "kube-root-ca.crt",
      namespace,
      data: { "ca.crt": "The practice cluster is served over plain HTTP and has no certificate.\n" },
    });
  },
};

interface Wanted {
  apiVersion: string;
  kind: string;
  name: string;
  namespace: string;
  data?: Record<string, string>;
}

function ensure(bench: Workbench, plural: string, { apiVersion, kind, name, namespace, data }: Wanted): void {
  if (bench.store.get(plural, namespace, name)) return;
  bench.store.create(
    plural,
    { apiVersion, kind, metadata: { name, namespace }, ...(data && { data }) },
    bench.by(),
  );
}

import { sameJson } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { Controller, Workbench } from "./controller.ts";
import { randomSuffix } from "../defaults/pods.ts";
import type { Pod, Service } from "./objects.ts";
import { controllerReference, isControlledBy, keyOf, splitKey } from "./ownership.ts";
import { isFinished, isReady, isTerminating } from "./pod-readiness.ts";
import { selects } from "./selectors.ts";

/** Keeps Endpoints and EndpointSlice of each Service with a selector at its pods that have an address. */
export const endpointsController: Controller = {
  observe(plural, object, add) {
    if (plural === "services") add(keyOf(object));
    if (plural === "pods") add(`${object.metadata.namespace}/`);
  },
  reconcile(bench, key) {
    const [namespace, name] = splitKey(key);
    const services = name
      ? [bench.store.get("services", namespace, name)]
      : bench.store.list("services", namespace);
    for (const service of services) {
      if (service) sync(bench, service as Service);
    }
    if (name && !services[0]) bench.store.delete("endpoints", namespace, name, bench.by());
  },
};

interface Port {
  name?: string;
  port: number;
  protocol: string;
}

function sync(bench: Workbench, service: Service): void {
  const { selector } = service.spec;
  if (!selector || Object.keys(selector).length === 0) return;
  const isBehind = (pod: Pod): boolean =>
    selects({ matchLabels: selector }, pod.metadata.labels) && Boolean(pod.status?.podIP) && !isFinished(pod);
  const { namespace } = service.metadata;
  const pods = bench.store.list("pods", namespace, (pod) => isBehind(pod as Pod)) as Pod[];
  const ports = (service.spec.ports ?? []).map((port) => targetOf(port, pods));
  syncSlice(bench, service, { pods, ports });
  syncEndpoints(bench, service, { pods: pods.filter((pod) => !isTerminating(pod)), ports });
}

function targetOf(port: NonNullable<Service["spec"]["ports"]>[number], pods: Pod[]): Port {
  const target = port.targetPort ?? port.port;
  const named = pods
    .flatMap((pod) => pod.spec.containers.flatMap((container) => container.ports ?? []))
    .find(({ name }) => name === target);
  return {
    ...(port.name && { name: port.name }),
    port: typeof target === "number" ? target : (named?.containerPort ?? port.port),
    protocol: port.protocol ?? "TCP",
  };
}

interface Behind {
  pods: Pod[];
  ports: Port[];
}

function targetRef(pod: Pod): Record<string, unknown> {
  const { name, namespace, uid } = pod.metadata;
  return { kind: "Pod", name, namespace, uid };
}

function syncEndpoints(bench: Workbench, service: Service, { pods, ports }: Behind): void {
  const address = (pod: Pod): Record<string, unknown> => ({
    ip: pod.status?.podIP,
    nodeName: pod.spec.nodeName,
    targetRef: targetRef(pod),
  });
  const addresses = pods.filter(isReady).map(address);
  const notReadyAddresses = pods.filter((pod) => !isReady(pod)).map(address);
  const subset = {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ports,
  };
  const { name, namespace, labels } = service.metadata;
  save(bench, "endpoints", {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name, namespace: namespace!, ...(labels && { labels }) },
    ...(pods.length > 0 && { subsets: [subset] }),
  });
}

function syncSlice(bench: Workbench, service: Service, { pods, ports }: Behind): void {
  const endpoints = pods.map((pod) => ({
    addresses: [pod.status?.podIP],
    conditions: {
      ready: isReady(pod) && !isTerminating(pod),
      serving: isReady(pod),
      terminating: isTerminating(pod),
    },
    nodeName: pod.spec.nodeName,
    targetRef: targetRef(pod),
  }));
  const { name, namespace, labels } = service.metadata;
  const slices = bench.store.list("endpointslices", namespace);
  const existing = slices.find((slice) => isControlledBy(slice, service));
  save(bench, "endpointslices", {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: existing?.metadata.name ?? `${name}-${randomSuffix()}`,
      namespace: namespace!,
      generateName: `${name}-`,
      labels: {
        ...labels,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": name,
      },
      ownerReferences: [controllerReference(service)],
    },
    addressType: "IPv4",
    endpoints,
    ports: ports.map((port) => ({ name: "", ...port })),
  });
}

function save(bench: Workbench, plural: string, object: KubeObject): void {
  const { name, namespace } = object.metadata;
  const stored = bench.store.get(plural, namespace, name);
  if (!stored) {
    bench.store.create(plural, object, bench.by());
    return;
  }
  const next = { ...object, metadata: { ...stored.metadata, ...object.metadata } };
  if (!sameJson(stored, next)) bench.store.update(plural, next, bench.by());
}

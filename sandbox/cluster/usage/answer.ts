import type { Pod } from "../controllers/objects.ts";
import type { Answer, ResourceCall } from "../http.ts";
import { timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import { labelSelector } from "../selectors.ts";
import { methodNotAllowed, noSuchResource, notFound } from "../status.ts";
import type { Store } from "../store.ts";
import { metricsApi, metricsGroup } from "./availability.ts";
import { containerUsage, podUsage } from "./usage.ts";
import type { Usage } from "./usage.ts";

const apiVersion = "metrics.k8s.io/v1beta1";
const window = "15.012s";

/** Answers what is asked of metrics.k8s.io as metrics-server does; 503 while that does not answer. */
export function answerMetrics(store: Store, call: ResourceCall): Answer {
  const state = metricsApi(store);
  if (state === "absent") return { code: 404, text: "404 page not found\n" };
  if (state === "unavailable") return { code: 503, text: "service unavailable\n" };
  const { plural, namespace, name, subresource } = call.target;
  if (!["pods", "nodes"].includes(plural) || subresource) throw noSuchResource();
  if (!["get", "list"].includes(call.verb)) throw methodNotAllowed();
  const make = plural === "pods" ? podMetrics : nodeMetrics;
  const scope = plural === "pods" ? namespace : undefined;
  if (call.verb === "get") {
    const object = store.get(plural, scope, name ?? "");
    const found = object && make(store, object, call.now);
    if (found) return { code: 200, body: found };
    const what = plural === "pods" ? "podmetrics" : "nodemetrics";
    throw notFound({ group: metricsGroup, plural: what }, scope ? `${scope}/${name}` : (name ?? ""));
  }
  const labels = labelSelector(call.query.get("labelSelector"));
  const items = store
    .list(plural, scope)
    .filter((object) => labels?.(object) ?? true)
    .map((object) => make(store, object, call.now))
    .filter((one) => one !== undefined);
  const kind = plural === "pods" ? "PodMetricsList" : "NodeMetricsList";
  return { code: 200, body: { kind, apiVersion, metadata: {}, items } };
}

function podMetrics(_store: Store, object: KubeObject, now: Date): object | undefined {
  const pod = object as Pod;
  const containers = pod.spec.containers.flatMap((container) => {
    const usage = containerUsage(pod, container, now);
    return usage ? [{ name: container.name, usage: written(usage) }] : [];
  });
  if (containers.length === 0) return undefined;
  return { ...head("PodMetrics", pod, now), timestamp: timestamp(now), window, containers };
}

/** The node's own programs, and all pods on it. */
function nodeMetrics(store: Store, node: KubeObject, now: Date): object {
  const usage = { cpu: 0.12, memoryBytes: 1.2 * 2 ** 30 };
  for (const pod of store.list("pods") as Pod[]) {
    if (pod.spec.nodeName !== node.metadata.name) continue;
    const used = podUsage(pod, now);
    usage.cpu += used.cpu;
    usage.memoryBytes += used.memoryBytes;
  }
  return { ...head("NodeMetrics", node, now), timestamp: timestamp(now), window, usage: written(usage) };
}

function head(kind: string, { metadata }: KubeObject, now: Date): object {
  const { name, namespace, labels } = metadata;
  const creationTimestamp = timestamp(now);
  return {
    kind,
    apiVersion,
    metadata: { name, ...(namespace && { namespace }), creationTimestamp, ...(labels && { labels }) },
  };
}

/** Nanocores and kibibytes, as metrics-server writes them. */
function written({ cpu, memoryBytes }: Usage): { cpu: string; memory: string } {
  return { cpu: `${Math.round(cpu * 1e9)}n`, memory: `${Math.round(memoryBytes / 1024)}Ki` };
}

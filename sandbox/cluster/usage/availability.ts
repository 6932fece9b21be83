import { child, items } from "../fields.ts";
import { timestamp } from "../object.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";

export const metricsGroup = "metrics.k8s.io";
const name = "v1beta1.metrics.k8s.io";

/** absent: nobody installed it. unavailable: it is installed and does not answer. */
export type MetricsApi = "serving" | "unavailable" | "absent";

/** How the metrics API stands, by its APIService. */
export function metricsApi(store: Store): MetricsApi {
  const service = store.get("apiservices", undefined, name);
  if (!service) return "absent";
  const available = items(child(service, "status"), "conditions").find(({ type }) => type === "Available");
  return available?.["status"] === "True" ? "serving" : "unavailable";
}

export function setMetricsApi(store: Store, state: MetricsApi, now: Date): void {
  const by = { manager: "kube-apiserver", now };
  if (state === "absent") {
    store.delete("apiservices", undefined, name, by);
    return;
  }
  if (!store.get("apiservices", undefined, name)) store.create("apiservices", service(), by);
  const [status, reason, message] =
    state === "serving"
      ? ["True", "Passed", "all checks passed"]
      : [
          "False",
          "MissingEndpoints",
          'endpoints for service/metrics-server in "kube-system" have no addresses with port name "https"',
        ];
  const condition = { type: "Available", status, reason, message, lastTransitionTime: timestamp(now) };
  store.updateStatus("apiservices", { ...service(), status: { conditions: [condition] } }, by);
}

function service(): KubeObject {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name, labels: { "k8s-app": "metrics-server" } },
    spec: {
      group: metricsGroup,
      groupPriorityMinimum: 100,
      insecureSkipTLSVerify: true,
      service: { name: "metrics-server", namespace: "kube-system", port: 443 },
      version: "v1beta1",
      versionPriority: 100,
    },
  };
}

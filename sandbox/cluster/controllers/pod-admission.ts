import { randomSuffix } from "./hash.ts";
import type { Pod, PodSpec } from "./objects.ts";

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What admission adds to every pod of a cluster: its service account's token, default tolerations and priority. */
export function admitPod(pod: Pod): Pod {
  const { spec } = pod;
  const serviceAccountName = spec.serviceAccountName ?? "default";
  const admitted: PodSpec = {
    ...spec,
    dnsPolicy: spec.dnsPolicy ?? "ClusterFirst",
    enableServiceLinks: spec.enableServiceLinks ?? true,
    preemptionPolicy: spec.preemptionPolicy ?? "PreemptLowerPriority",
    priority: spec.priority ?? 0,
    restartPolicy: spec.restartPolicy ?? "Always",
    schedulerName: spec.schedulerName ?? "default-scheduler",
    securityContext: spec.securityContext ?? {},
    serviceAccount: serviceAccountName,
    serviceAccountName,
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    tolerations: withDefaultTolerations(spec.tolerations),
  };
  return { ...pod, spec: withToken(admitted), status: { ...pod.status, qosClass: qosClass(admitted) } };
}

function withDefaultTolerations(
  tolerations: PodSpec["tolerations"] = [],
): NonNullable<PodSpec["tolerations"]> {
  const missing = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"].filter(
    (key) =>
      !tolerations.some(
        (one) => (one.key === key || !one.key) && (!one.effect || one.effect === "NoExecute"),
      ),
  );
  const added = missing.map((key) => ({
    effect: "NoExecute",
    key,
    operator: "Exists",
    tolerationSeconds: 300,
  }));
  return [...tolerations, ...added];
}

function withToken(spec: PodSpec): PodSpec {
  const mounted = spec.containers.some((one) =>
    one.volumeMounts?.some(({ mountPath }) => mountPath === tokenPath),
  );
  if (mounted || spec.automountServiceAccountToken === false) return spec;
  const name = `kube-api-access-${randomSuffix()}`;
  const mount = { mountPath: tokenPath, name, readOnly: true };
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { items: [{ key: "ca.crt", path: "ca.crt" }], name: "kube-root-ca.crt" } },
    {
      downwardAPI: {
        items: [{ fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" }, path: "namespace" }],
      },
    },
  ];
  return {
    ...spec,
    containers: spec.containers.map((one) => ({
      ...one,
      volumeMounts: [...(one.volumeMounts ?? []), mount],
    })),
    volumes: [...(spec.volumes ?? []), { name, projected: { defaultMode: 420, sources } }],
  };
}

/** Guaranteed: every container limits CPU and memory and requests as much; BestEffort: none asks for anything. */
function qosClass(spec: PodSpec): string {
  const compute = ["cpu", "memory"];
  const resources = spec.containers.map((one) => one.resources ?? {});
  if (
    resources.every(({ requests, limits }) => compute.every((name) => !requests?.[name] && !limits?.[name]))
  ) {
    return "BestEffort";
  }
  const guaranteed = resources.every(({ requests, limits }) =>
    compute.every((name) => limits?.[name] && (requests?.[name] ?? limits[name]) === limits[name]),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

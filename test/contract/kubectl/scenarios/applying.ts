import { deployment, object } from "../manifests.ts";
import type { Scenario } from "../session.ts";

function settings(data: Record<string, string>): string {
  return object("v1", "ConfigMap", "settings", { data });
}

function both(...manifests: string[]): string {
  return manifests.join("\n");
}

export const applyScenarios: Scenario[] = [
  {
    name: "server-side apply",
    async run(k) {
      const apply = (input: string, ...flags: string[]): Promise<void> =>
        k.step(["apply", "--server-side", ...flags, "-f", "-"], { input });
      await apply(deployment("web", "web:v1"), "--dry-run=server");
      await apply(deployment("web", "web:v1"));
      await k.prepare("rollout status deployment/web");
      await apply(deployment("web", "web:v1"));
      await k.step(["get", "deployment", "web", "-o", "jsonpath={.metadata.generation}"]);
      await apply(deployment("web", "web:v2"));
      await k.prepare("set image deployment/web main=web:v3");
      await apply(deployment("web", "web:v4"));
      await k.prepare("scale deployment/web --replicas=2");
      await apply(deployment("web", "web:v4"));
      await apply(deployment("web", "web:v4"), "--field-manager=other");
      await apply(deployment("web", "web:v4"), "--force-conflicts");
      await k.prepare("rollout status deployment/web");
      const scaler = object("apps/v1", "Deployment", "web", { spec: { replicas: 3 } });
      await apply(scaler, "--field-manager=scaler");
      await apply(deployment("web", "web:v4", { replicas: undefined }));
      await k.step(["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"]);
      await apply(object("apps/v1", "Deployment", "web", {}), "--field-manager=scaler");
      await k.step(["get", "deployment", "web", "-o", "jsonpath={.spec.replicas}"]);
      await apply(both(settings({ a: "1" }), deployment("web", "web:v5"), settings({ a: "2" })));
      await apply(both(settings({ a: "3" }), object("v1", "Nothing", "web", {})));
      await apply(object("apps/v1", "Deployment", "new", {}));
    },
  },
  {
    name: "who manages what after applying",
    async run(k) {
      const apply = (input: string, ...flags: string[]): Promise<string> =>
        k.prepare(["apply", "--server-side", ...flags, "-f", "-"], input);
      const labels = { labels: { team: "risk" } };
      const owned = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", ...labels } };
      await apply(settings({ a: "1", b: "1" }));
      await k.step("get configmap settings -o yaml --show-managed-fields");
      await apply(JSON.stringify({ ...owned, data: { b: "1" } }), "--field-manager=other");
      await apply(settings({ a: "1" }));
      await k.step("get configmap settings -o yaml --show-managed-fields");
      await apply(JSON.stringify(owned), "--field-manager=other");
      await k.prepare(["patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"c":"1"}}']);
      await k.step("get configmap settings -o yaml --show-managed-fields");
    },
  },
  {
    name: "client-side apply",
    async run(k) {
      const apply = (input: string, ...flags: string[]): Promise<void> =>
        k.step(["apply", ...flags, "-f", "-"], { input });
      await apply(deployment("web", "web:v1"), "--dry-run=server");
      await apply(deployment("web", "web:v1"), "--dry-run=client");
      await apply(deployment("web", "web:v1"));
      await k.prepare("rollout status deployment/web");
      await apply(deployment("web", "web:v1"));
      await apply(deployment("web", "web:v2"));
      await k.step("apply view-last-applied deployment/web");
      await k.prepare("set image deployment/web main=web:v3");
      await apply(deployment("web", "web:v2", { replicas: 2 }));
      const settled = "jsonpath={.status.replicas}{.status.updatedReplicas}{.status.conditions[*].reason}";
      await k.until(["get", "deployment", "web", "-o", settled], /^22.*NewReplicaSetAvailable/);
      await k.step("get deployment web -o yaml");
      await k.prepare("create -f -", settings({ a: "1" }));
      await apply(settings({ a: "1" }));
      await apply(settings({ b: "1" }));
      await k.step(["get", "configmap", "settings", "-o", "jsonpath={.data}"]);
      await apply(both(settings({ b: "1" }), settings({ b: "2" })));
      await apply(deployment("web", "web:v2"), "--server-side");
      await k.until(["get", "deployment", "web", "-o", settled], /^33.*NewReplicaSetAvailable/);
      await k.until("get deployment web", /3\/3/);
      await k.step("get deployment web -o yaml --show-managed-fields");
      const made = await k.prepare(`create namespace ${k.namespace} --dry-run=client -o yaml`);
      await apply(made);
      await k.step("apply -f /nowhere/at/all.yaml");
      await apply("kind: Deployment\n");
      await apply("{}");
    },
  },
  {
    name: "diff",
    async run(k) {
      const diff = (input: string, ...flags: string[]): Promise<void> =>
        k.step(["diff", ...flags, "-f", "-"], { input });
      await diff(settings({ a: "1" }));
      await k.prepare("apply -f -", settings({ a: "1", b: "1" }));
      await diff(settings({ a: "1", b: "1" }));
      await diff(settings({ a: "2" }));
      await diff(settings({ a: "2" }), "--server-side");
      await diff(settings({ a: "2" }), "--server-side", "--force-conflicts");
      await k.prepare("apply --server-side -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.prepare("rollout status deployment/web");
      await diff(deployment("web", "web:v2", { replicas: 1 }), "--server-side");
      await diff(
        both(settings({ a: "1", b: "1" }), deployment("web", "web:v1", { replicas: 1 })),
        "--server-side",
      );
    },
  },
  {
    name: "delete",
    async run(k) {
      await k.prepare(
        "create -f -",
        both(settings({ a: "1" }), deployment("web", "web:v1", { replicas: 2 })),
      );
      await k.prepare("rollout status deployment/web");
      await k.step("delete -f - --dry-run=server", { input: settings({}) });
      await k.step("delete -f -", { input: both(settings({}), object("v1", "ConfigMap", "gone", {})) });
      await k.step("delete deployment web --cascade=orphan");
      await k.step("get replicasets,pods", { rows: "sorted" });
      await k.step("delete replicasets -l app=nothing");
      await k.prepare("delete replicasets -l app=web");
      await k.until("get pods -o name", /^$/);
      await k.prepare("create -f -", settings({ a: "1" }));
      await k.prepare([
        "patch",
        "configmap",
        "settings",
        "-p",
        '{"metadata":{"finalizers":["crai.dev/keep"]}}',
      ]);
      await k.step("delete configmap settings --timeout=3s");
      await k.step(["get", "configmap", "settings", "-o", "jsonpath={.metadata.finalizers}"]);
      await k.step([
        "patch",
        "configmap",
        "settings",
        "--type=merge",
        "-p",
        '{"metadata":{"finalizers":null}}',
      ]);
      await k.step("get configmap settings");
      await k.step("delete secrets --all");
      await k.step("delete all --all");
      await k.step("delete deployment");
    },
  },
];

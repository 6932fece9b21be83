import { deployment } from "../manifests.ts";
import type { Scenario, Session } from "../session.ts";

async function rolledOut(k: Session, image: string, spec: Record<string, unknown> = {}): Promise<void> {
  await k.prepare("create -f -", deployment("web", image, spec));
  await k.prepare("rollout status deployment/web");
}

async function released(k: Session, image: string): Promise<void> {
  await k.prepare(`set image deployment/web main=${image}`);
  await settled(k);
}

/** Rolled out, and the last old pod gone. */
async function settled(k: Session): Promise<void> {
  await k.prepare("rollout status deployment/web");
  await k.until("get pods -o jsonpath={.items[*].metadata.deletionTimestamp}", /^$/);
}

/** A line for each of those who wrote to the Deployment, with what he wrote. */
const managers = [
  "get",
  "deployment",
  "web",
  "--show-managed-fields",
  "-o",
  'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation} {.subresource} {.fieldsV1}{"\\n"}{end}',
];

export const deploymentScenarios: Scenario[] = [
  {
    name: "deployment release",
    async run(k) {
      await k.step("apply -f -", { input: deployment("web", "web:v1") });
      await k.step("rollout status deployment/web", { progress: true });
      await k.step("get deployment web");
      await k.step("get deployment web -o wide");
      await k.step("get replicasets");
      await k.step("get replicasets -o wide");
      await k.step("get pods", { rows: "sorted" });
      await k.step("describe deployment web");
      await k.step("get deployment web -o yaml");
      await k.step("set image deployment/web main=web:v2");
      await k.step("rollout status deployment/web", { progress: true });
      await settled(k);
      await k.step("describe deployment web");
      await k.step("get replicasets", { rows: "sorted" });
      await k.step("set image deployment/web main=web:v2");
      await k.step("set image deployment/web other=web:v2");
      await k.step("set image deployment/nothing main=web:v2");
      await k.step("apply -f -", { input: deployment("web", "web:v2") });
      await k.step("apply -f -", { input: deployment("web", "web:v3") });
      await settled(k);
      await k.step("delete deployment web");
      await k.step("rollout status deployment/web");
    },
  },
  {
    name: "deployment history and undo",
    async run(k) {
      await rolledOut(k, "web:v1");
      await k.step("rollout history deployment/web");
      await k.step("rollout undo deployment/web");
      await k.step("rollout undo deployment/web --to-revision=1");
      await released(k, "web:v2");
      await k.prepare(["annotate", "deployment/web", "kubernetes.io/change-cause=Release v2: faster"]);
      await released(k, "web:v3");
      await k.until("get deployment web -o yaml", /revision: "3"/);
      await k.step("rollout history deployment/web");
      await k.step("rollout history deployment/web --revision=1");
      await k.step("rollout history deployment/web --revision=2");
      await k.step("rollout history deployment/web --revision=99");
      await k.step("rollout history deployment/web --revision=-1");
      await k.step("rollout undo deployment/web --dry-run=client");
      await k.step("rollout undo deployment/web --dry-run=server");
      await k.step("rollout undo deployment/web");
      await k.step("rollout status deployment/web", { progress: true });
      await settled(k);
      await k.step("rollout history deployment/web");
      await k.step("describe deployment web");
      await k.step("rollout undo deployment/web --to-revision=1");
      await settled(k);
      await k.step("rollout history deployment/web");
      await k.step("rollout undo deployment/web --to-revision=5");
      await k.step("rollout undo deployment/web --to-revision=1");
      await k.step("rollout undo deployment/web --to-revision=99");
      await k.step("rollout undo deployment/web --to-revision=-1");
      await k.step("rollout undo deployment/web --to-revision=abc");
      await k.step("rollout undo deployment/nothing");
      await k.step("rollout status deployment/web --revision=4");
      await k.step("get replicasets", { rows: "sorted" });
    },
  },
  {
    name: "deployment restart and pause",
    async run(k) {
      await rolledOut(k, "web:v1");
      await k.step("rollout restart deployment/web");
      await k.step("rollout status deployment/web", { progress: true });
      await settled(k);
      await k.step("rollout history deployment/web");
      await k.step("rollout pause deployment/web");
      await k.step("rollout pause deployment/web");
      await k.step("rollout restart deployment/web");
      await k.step("rollout undo deployment/web");
      await k.step("rollout undo deployment/web --dry-run=server");
      await k.step("set image deployment/web main=web:v2");
      await k.until("get deployment web -o yaml", /reason: DeploymentPaused/);
      await k.step("rollout status deployment/web --timeout=1s", { progress: true });
      await k.step("describe deployment web");
      await k.step("scale deployment/web --replicas=4");
      await k.until("get deployment web", /4\/4/);
      await k.step("get deployment web");
      await k.step("rollout resume deployment/web");
      await k.step("rollout resume deployment/web");
      await settled(k);
      await k.step("rollout history deployment/web");
      await k.step("describe deployment web");
    },
  },
  {
    name: "deployment that crashes",
    async run(k) {
      await rolledOut(k, "web:v1", { progressDeadlineSeconds: 3 });
      await k.prepare("set image deployment/web main=web:v2-crash");
      await k.step("rollout status deployment/web", { progress: true });
      await k.step("rollout status deployment/web");
      await k.step("get deployment web");
      await k.until("get pods", /CrashLoopBackOff/);
      await k.step("get pods", { rows: "sorted" });
      await k.step("get replicasets", { rows: "sorted" });
      await k.step("describe deployment web");
      await k.step("rollout undo deployment/web");
      await k.step("rollout status deployment/web", { progress: true });
      await settled(k);
      await k.step("get pods", { rows: "sorted" });
      await k.step("rollout history deployment/web");
      await k.step("describe deployment web");
    },
  },
  {
    name: "deployment whose image is missing",
    async run(k) {
      await rolledOut(k, "web:v1", { progressDeadlineSeconds: 60 });
      await k.prepare("set image deployment/web main=web:v2-nopull");
      await k.until("get pods", /ImagePullBackOff/);
      await k.step("get pods", { rows: "sorted" });
      await k.step("rollout status deployment/web --timeout=1s", { progress: true });
      await k.step("rollout status deployment/web --watch=false");
      await k.step("set image deployment/web main=web:v3");
      await settled(k);
      await k.step("get replicasets", { rows: "sorted" });
      await k.step("rollout history deployment/web");
    },
  },
  {
    name: "deployment strategies",
    async run(k) {
      await rolledOut(k, "web:v1", { strategy: { type: "Recreate" }, revisionHistoryLimit: 1 });
      await released(k, "web:v2");
      await released(k, "web:v3");
      await k.until("get replicasets -o name", /^(\S+\n){2}$/);
      await k.step("rollout history deployment/web");
      await k.step("describe deployment web");
      await k.prepare([
        "patch",
        "deployment/web",
        "-p",
        JSON.stringify({
          spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } },
        }),
      ]);
      await released(k, "web:v4");
      await k.step("describe deployment web");
    },
  },
  {
    name: "deployment scale",
    async run(k) {
      await rolledOut(k, "web:v1");
      await k.step("scale deployment/web --replicas=5");
      await k.step("rollout status deployment/web", { progress: true });
      await k.step("scale deployment/web --replicas=2 --current-replicas=9");
      await k.step("scale deployment/web --replicas=2 --current-replicas=5");
      await k.until("get deployment web", /2\/2/);
      await k.step("scale deployment/web --replicas=1 --dry-run=server");
      await k.step("scale deployment/web --replicas=-1");
      await k.step("scale deployment/nothing --replicas=1");
      await k.step("get deployment web");
      await k.step("describe deployment web");
      await k.step("scale deployment/web --replicas=0");
      await k.until("get deployment web", /0\/0/);
      await k.step("rollout status deployment/web", { progress: true });
      await k.until("get pods", /^$/);
      await k.step("get pods");
      await k.step("get deployment web -o wide");
      await k.step("describe deployment web");
      await k.step("scale deployment/web --replicas=1 --timeout=20s");
      await k.until("get deployment web", /1\/1/);
    },
  },
  {
    name: "deployment patch",
    async run(k) {
      await rolledOut(k, "web:v1", { replicas: 1 });
      const patch = (type: string, body: unknown): Promise<void> =>
        k.step(["patch", "deployment/web", `--type=${type}`, "-p", JSON.stringify(body)]);
      await patch("merge", { metadata: { annotations: { team: "risk" } } });
      await patch("merge", { metadata: { annotations: { team: "risk" } } });
      await patch("json", [{ op: "replace", path: "/spec/replicas", value: 2 }]);
      await patch("json", [
        { op: "test", path: "/spec/replicas", value: 7 },
        { op: "replace", path: "/spec/replicas", value: 3 },
      ]);
      await patch("json", [{ op: "replace", path: "/spec/nothing/here", value: 1 }]);
      await patch("strategic", {
        spec: {
          template: { spec: { containers: [{ name: "main", env: [{ name: "EXTRA", value: "1" }] }] } },
        },
      });
      await k.step("get deployment web -o jsonpath={.spec.template.spec.containers[0].env}");
      await patch("strategic", {
        spec: {
          template: { spec: { containers: [{ name: "main", env: [{ name: "LEVEL", $patch: "delete" }] }] } },
        },
      });
      await k.step("get deployment web -o jsonpath={.spec.template.spec.containers[0].env}");
      await patch("merge", { spec: { replicas: -1 } });
      await patch("merge", { spec: { selector: { matchLabels: { app: "other" } } } });
      await patch("merge", { spec: { template: { spec: { containers: [] } } } });
      await patch("merge", { metadata: { resourceVersion: "1" }, spec: { replicas: 3 } });
      await patch("merge", { spec: { replicas: "three" } });
      await k.step(["patch", "deployment/nothing", "-p", "{}"]);
      await k.step(["patch", "deployment/web", "-p", "{not json"]);
      await k.step(["patch", "deployment/web", "--dry-run=server", "-p", '{"spec":{"paused":true}}']);
      await k.step([
        "patch",
        "deployment/web",
        "--subresource=scale",
        "--type=merge",
        "-p",
        '{"spec":{"replicas":1}}',
      ]);
      await k.step("get deployment web -o jsonpath={.spec.replicas}{.spec.paused}");
    },
  },
  {
    name: "deployment written by several hands",
    async run(k) {
      await k.prepare("apply -f -", deployment("web", "web:v1", { replicas: 1 }));
      await settled(k);
      await k.prepare("scale deployment/web --replicas=2");
      await k.prepare("annotate deployment/web kubernetes.io/change-cause=two");
      await released(k, "web:v2");
      await k.prepare("rollout restart deployment/web");
      await settled(k);
      await k.step(managers, { rows: "unordered" });
      await k.prepare("rollout undo deployment/web");
      await settled(k);
      await k.step(managers, { rows: "unordered" });
      await k.step("apply -f -", { input: deployment("web", "web:v3", { replicas: 1 }) });
      await settled(k);
      await k.step(managers, { rows: "unordered" });
    },
  },
];

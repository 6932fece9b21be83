import { deployment, object } from "../manifests.ts";
import type { Scenario } from "../session.ts";

export const objectScenarios: Scenario[] = [
  {
    name: "pods and logs",
    async run(k) {
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.prepare("rollout status deployment/web");
      const pod = (await k.prepare("get pods -o name")).trim();
      await k.step(["get", pod]);
      await k.step(["get", pod, "-o", "wide"]);
      await k.step(["describe", pod]);
      await k.step(["get", pod, "-o", "yaml"]);
      await k.step("logs deployment/web");
      await k.step(["logs", pod, "--tail=1"]);
      await k.step(["logs", pod, "-c", "other"]);
      await k.step("logs nothing");
      await k.step("describe replicaset");
      await k.step(["delete", pod]);
      await k.until("get deployment web", /1\/1/);
      await k.step("get pods");
      await k.step("delete pod nothing");
      await k.step("get all", { rows: "sorted" });
    },
  },
  {
    name: "watching",
    async run(k) {
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.prepare("rollout status deployment/web");
      await k.watch("get deployment web -w", {
        progress: true,
        until: /2\/2 /,
        during: () => k.prepare("scale deployment/web --replicas=2").then(() => undefined),
      });
      await k.watch("get pods -l app=web -w --output-watch-events", {
        progress: true,
        rows: "sorted",
        until: /DELETED/,
        during: () => k.prepare("scale deployment/web --replicas=1").then(() => undefined),
      });
      await k.watch("get replicasets -w", {
        progress: true,
        rows: "sorted",
        until: / 2 +2 +2 /,
        during: () => k.prepare("scale deployment/web --replicas=2").then(() => undefined),
      });
      await k.prepare("scale deployment/web --replicas=1");
      await k.step("wait --for=condition=Available deployment/web --timeout=10s");
      await k.step("wait --for=condition=ready pod -l app=web --timeout=10s");
      await k.step("wait --for=condition=ready pod -l app=nothing --timeout=10s");
      await k.step("wait --for=condition=Available=false deployment/web --timeout=3s");
      await k.step("wait --for=jsonpath={.spec.replicas}=1 deployment/web --timeout=10s");
      await k.step("wait --for=delete deployment/web --timeout=3s");
    },
  },
  {
    name: "objects",
    async run(k) {
      const settings = object("v1", "ConfigMap", "settings", { data: { level: "info" } });
      await k.step("create -f -", { input: settings });
      await k.step("create -f -", { input: settings });
      await k.step("get configmap settings -o yaml");
      await k.step("describe configmap settings");
      await k.step("create secret generic key --from-literal=token=abc");
      await k.step("get secret key");
      await k.step("describe secret key");
      await k.step("label configmap settings team=risk");
      await k.step("label configmap settings team=ops");
      await k.step("label configmap settings team=ops --overwrite");
      await k.step("get configmaps -l team=ops");
      await k.step("get configmaps -l team=risk");
      await k.step("annotate configmap settings note=one");
      await k.step("get configmap settings nothing");
      await k.step("get nothing");
      await k.step("get configmap settings -o name");
      await k.step(["get", "configmap", "settings", "-o", "jsonpath={.data.level}"]);
      await k.step("delete configmap settings --dry-run=server");
      await k.step("delete configmap settings");
      await k.step("delete configmap settings");
      await k.step("delete configmap settings --ignore-not-found");
      const spec = { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] };
      await k.step("create -f -", { input: object("v1", "Service", "web", { spec }) });
      await k.step("get service web");
      await k.step("describe service web");
      await k.step("create -f -", { input: deployment("Bad_Name", "web:v1") });
      await k.step("create -f -", {
        input: deployment("web", "web:v1", { selector: { matchLabels: { app: "x" } } }),
      });
      await k.step("get events");
    },
  },
  {
    name: "other commands of the runbook",
    async run(k) {
      await k.step("create namespace other --dry-run=client -o yaml");
      await k.step("create namespace contract-other-commands-of-the-runbook");
      await k.step("get ingress");
      await k.step("describe ingress nothing");
      await k.step("top pods");
      await k.step("top nodes");
      await k.step("get namespace contract-other-commands-of-the-runbook");
      await k.step("describe namespace contract-other-commands-of-the-runbook");
      await k.step("api-resources --api-group=apps");
      await k.step("get nodes -l contract=yes -o name");
      await k.step("get --raw=/readyz");
      await k.step("get --raw=/apis/apps/v1/nothing");
    },
  },
  {
    name: "exec that is refused",
    async run(k) {
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.prepare("rollout status deployment/web");
      const pod = (await k.prepare("get pods -o name")).trim();
      await k.step("exec nothing -- ls");
      await k.step("exec deployment/nothing -- ls");
      await k.step(["exec", pod]);
      await k.step(["exec", pod, "-c", "other", "--", "ls"]);
      await k.step(["exec", pod, "--as", "nobody@example.com", "--", "ls"]);
      const rules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }];
      await k.prepare("create -f -", object("rbac.authorization.k8s.io/v1", "Role", "reader", { rules }));
      await k.prepare("create rolebinding readers --role=reader --user=reader@example.com");
      await k.step(["exec", pod, "--as", "reader@example.com", "--", "ls"]);
      await k.step([
        "get",
        "--raw",
        `/api/v1/namespaces/${k.namespace}/${pod.replace("pod/", "pods/")}/exec`,
      ]);
      await k.step("auth can-i create pods/exec --as reader@example.com");
    },
  },
  {
    name: "rights",
    async run(k) {
      const rules = [
        { apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch", "patch"] },
        { apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["configmaps"], resourceNames: ["settings"], verbs: ["get"] },
      ];
      await k.prepare("create -f -", object("rbac.authorization.k8s.io/v1", "Role", "operator", { rules }));
      await k.prepare("create rolebinding operators --role=operator --group=operators");
      await k.prepare("create -f -", deployment("web", "web:v1", { replicas: 1 }));
      await k.prepare("rollout status deployment/web");
      const pat = ["--as", "pat@example.com", "--as-group", "operators"];
      const as = (command: string): Promise<void> => k.step([...command.split(" "), ...pat]);
      await as("auth whoami");
      await as("auth can-i patch deployments");
      await as("auth can-i patch deployments/web");
      await as("auth can-i patch deployments --subresource=scale");
      await as("auth can-i delete pods");
      await as("auth can-i get configmaps/settings");
      await as("auth can-i get configmaps");
      await as("auth can-i get secrets -q");
      await as("auth can-i fly nothing");
      await as("auth can-i get /healthz");
      await as("auth can-i --list");
      await as("get deployments");
      await as("get secrets");
      await as("get pods -n default");
      await as("get nodes");
      await as("scale deployment/web --replicas=2");
      await as("delete deployment web");
      await as("rollout restart deployment/web");
      await as("rollout undo deployment/web");
      await k.prepare("rollout status deployment/web");
      await as("rollout status deployment/web");
      await as("describe deployment web");
      await k.step("auth can-i delete pods --as nobody@example.com");
      await k.step("get pods --as nobody@example.com");
      await k.step("auth can-i delete pods");
      await k.step("auth can-i --list --as nobody@example.com");
    },
  },
];

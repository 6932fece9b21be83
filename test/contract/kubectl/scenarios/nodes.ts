import type { Scenario } from "../session.ts";
import { daemonSet, deployment, object } from "../manifests.ts";

/**
 * Nodes are everybody's: what is cordoned here is a node of the scenario's own, and what is drained is drained in a
 * dry run on the server.
 */
export const nodeScenarios: Scenario[] = [
  {
    name: "cordon",
    async run(k) {
      const taints = [{ key: "contract", effect: "NoSchedule" }];
      await k.prepare("create -f -", object("v1", "Node", "contract-node", { spec: { taints } }));
      await k.step("cordon contract-node");
      await k.step("cordon contract-node");
      await k.until("get node contract-node -o jsonpath={.spec.taints[*].key}", /unschedulable/);
      await k.step("get node contract-node -o jsonpath={.spec.unschedulable}");
      await k.step("uncordon contract-node");
      await k.step("uncordon contract-node");
      await k.step("cordon nothing");
      await k.step("drain nothing");
      await k.prepare("delete node contract-node");
    },
  },
  {
    name: "drain",
    async run(k) {
      await k.prepare("create -f -", pinned(deployment("drained", "web:v1", { replicas: 2 })));
      await k.prepare("rollout status deployment/drained");
      const drain = "drain -l contract=yes --dry-run=server --pod-selector=app=drained";
      await k.step(drain, { rows: "unordered" });
      await k.step("create pdb drained --selector=app=drained --min-available=2");
      await k.until("get pdb drained -o jsonpath={.status.currentHealthy}", /2/);
      await k.step("get pdb");
      await k.step("describe pdb drained");
      await k.step("get pdb drained -o yaml");
      await k.step(`${drain} --timeout=2s`, { rows: "unordered" });
      const [first = ""] = (
        await k.prepare("get pods -l app=drained -o jsonpath={.items[*].metadata.name}")
      ).split(" ");
      const path = `/api/v1/namespaces/${k.namespace}/pods/${first}/eviction`;
      const eviction = object("policy/v1", "Eviction", first, {});
      await k.step(["create", "--raw", path, "-f", "-"], { input: eviction });
      await k.prepare("delete pdb drained");
      await k.step(["create", "--raw", path, "-f", "-"], { input: eviction });
      await k.until("get pods -l app=drained -o name", new RegExp(`^(?!.*${first})`, "s"));
      await k.step(["create", "--raw", path, "-f", "-"], { input: eviction });
      await k.step("create pdb both --selector=app=drained --min-available=2 --max-unavailable=1");
      await k.step("create pdb share --selector=app=drained --max-unavailable=200%");
    },
  },
  {
    name: "drain that is refused",
    async run(k) {
      const spec = { nodeSelector: { contract: "yes" }, containers: [{ name: "main", image: "web:v1" }] };
      await k.prepare("create -f -", labelled("naked", spec));
      const volumes = [{ name: "scratch", emptyDir: {} }];
      await k.prepare("create -f -", pinned(deployment("kept", "web:v1", { replicas: 1 }), { volumes }));
      await k.prepare("create -f -", daemonSet("guard", "guard:v1"));
      await k.prepare("rollout status deployment/kept");
      await k.prepare("rollout status daemonset/guard");
      await k.prepare("wait --for=condition=ready pod/naked --timeout=30s");
      for (const app of ["naked", "kept", "guard"]) {
        await k.step(`drain -l contract=yes --dry-run=server --pod-selector=app=${app}`, {
          rows: "unordered",
        });
      }
      const forced = "--force --delete-emptydir-data --ignore-daemonsets";
      const all = `drain -l contract=yes --dry-run=server ${forced}`;
      await k.step([...all.split(" "), "--pod-selector=app in (naked, kept)"], { rows: "unordered" });
    },
  },
];

/** The workload with its pods on the node that the suite labels. */
function pinned(manifest: string, more: object = {}): string {
  type Workload = { spec: { template: { spec: object } } };
  const made = JSON.parse(manifest) as Workload;
  made.spec.template.spec = { ...made.spec.template.spec, nodeSelector: { contract: "yes" }, ...more };
  return JSON.stringify(made);
}

function labelled(name: string, spec: object): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: name } }, spec });
}

import { daemonSet, statefulSet } from "../manifests.ts";
import type { Scenario, Session } from "../session.ts";

async function settled(k: Session, what: string): Promise<void> {
  await k.prepare(`rollout status ${what}`);
  await k.until("get pods -o jsonpath={.items[*].metadata.deletionTimestamp}", /^$/);
}

/**
 * Does not wait: kubectl looks for the old pod, then lists by name and waits for what is there to go. Where the set's
 * new pod of the same name has come in between, it waits for that one, for ever (seen on both sides).
 */
const deletion = (pod: string): string => `delete pod ${pod} --wait=false`;

export const setScenarios: Scenario[] = [
  {
    name: "statefulset release and undo",
    async run(k) {
      await k.step("apply -f -", { input: statefulSet("db", "db:v1") });
      await k.step("rollout status statefulset/db", { progress: true });
      await k.step("get statefulset db -o wide");
      await k.step("get pods");
      await k.step("rollout history statefulset/db");
      await k.step("rollout undo statefulset/db");
      await k.step("set image statefulset/db main=db:v2");
      await k.step("rollout status statefulset/db", { progress: true });
      await settled(k, "statefulset/db");
      await k.step("describe statefulset db");
      await k.step("get statefulset db -o yaml");
      await k.step("rollout history statefulset/db");
      await k.step("rollout history statefulset/db --revision=1");
      await k.step("rollout undo statefulset/db --dry-run=server");
      await k.step("rollout undo statefulset/db");
      await settled(k, "statefulset/db");
      await k.step("rollout history statefulset/db");
      await k.step("rollout undo statefulset/db --to-revision=3");
      await k.step("rollout undo statefulset/db --to-revision=99");
      await k.step("rollout restart statefulset/db");
      await settled(k, "statefulset/db");
      await k.step("rollout history statefulset/db");
      await k.step("rollout pause statefulset/db");
      await k.step("scale statefulset/db --replicas=3");
      await settled(k, "statefulset/db");
      await k.step("scale statefulset/db --replicas=1 --current-replicas=2");
      await k.step("scale statefulset/db --replicas=1 --current-replicas=3");
      await k.until("get statefulset db", /1\/1/);
      await k.step("describe statefulset db");
    },
  },
  {
    name: "statefulset stuck on a broken pod",
    async run(k) {
      await k.prepare("create -f -", statefulSet("db", "db:v1"));
      await settled(k, "statefulset/db");
      await k.prepare("set image statefulset/db main=db:v2-crash");
      await k.until("get pods", /db-1 .*CrashLoopBackOff/);
      await k.step("get pods");
      await k.step("rollout undo statefulset/db");
      await k.step("rollout status statefulset/db --timeout=2s", { progress: true });
      await k.step("get pods");
      await k.step(deletion("db-1"));
      await k.step("rollout status statefulset/db", { progress: true });
      await settled(k, "statefulset/db");
      await k.step("get pods");
      await k.step("rollout history statefulset/db");
    },
  },
  {
    name: "statefulset partition and ondelete",
    async run(k) {
      const updateStrategy = { type: "RollingUpdate", rollingUpdate: { partition: 1 } };
      await k.prepare(
        "create -f -",
        statefulSet("db", "db:v1", { updateStrategy, podManagementPolicy: "Parallel" }),
      );
      await settled(k, "statefulset/db");
      await k.prepare("set image statefulset/db main=db:v2");
      await k.step("rollout status statefulset/db", { progress: true });
      await settled(k, "statefulset/db");
      await k.step([
        "get",
        "pods",
        "-o",
        "custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image",
      ]);
      await k.step([
        "patch",
        "statefulset/db",
        "-p",
        '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}',
      ]);
      await k.step("rollout status statefulset/db");
      await k.step("describe statefulset db");
      await k.prepare(deletion("db-0"));
      await k.until("get pods", /db-0 +1\/1 +Running/);
      await k.step([
        "get",
        "pods",
        "-o",
        "custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[0].image",
      ]);
    },
  },
  {
    name: "daemonset release and undo",
    async run(k) {
      await k.step("apply -f -", { input: daemonSet("agent", "agent:v1") });
      await k.step("rollout status daemonset/agent", { progress: true });
      await k.step("get daemonset agent -o wide");
      await k.step("rollout undo daemonset/agent");
      await k.step("set image daemonset/agent main=agent:v2");
      await k.step("rollout status daemonset/agent", { progress: true });
      await settled(k, "daemonset/agent");
      await k.step("describe daemonset agent");
      await k.step("get daemonset agent -o yaml");
      await k.step("rollout history daemonset/agent");
      await k.step("rollout history daemonset/agent --revision=2");
      await k.step("rollout undo daemonset/agent --dry-run=server");
      await k.step("rollout undo daemonset/agent");
      await settled(k, "daemonset/agent");
      await k.step("rollout history daemonset/agent");
      await k.step("rollout undo daemonset/agent --to-revision=3");
      await k.step("rollout undo daemonset/agent --to-revision=99");
      await k.step("rollout restart daemonset/agent");
      await settled(k, "daemonset/agent");
      await k.step("rollout history daemonset/agent");
      await k.step("scale daemonset/agent --replicas=3");
      await k.step([
        "patch",
        "daemonset/agent",
        "-p",
        '{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}}',
      ]);
      await k.step("rollout status daemonset/agent");
      await k.step("describe daemonset agent");
    },
  },
];

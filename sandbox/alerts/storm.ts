import { cluster } from "../seed.ts";
import type { PostedAlert } from "./alert.ts";
import { stormAlert } from "./receivers.ts";

const podsOfNode = 100;

/** Different alerts of one app, as a failing network gives them: 100 pods on each node, one group a node. */
export function storm(count: number, now: number, origin: string): PostedAlert[] {
  return Array.from({ length: count }, (_, index) => {
    const pod = `api-deployment-storm-${String(index + 1).padStart(5, "0")}`;
    return {
      labels: {
        alertname: stormAlert,
        app: "api",
        namespace: cluster.namespace,
        cluster: "practice",
        node: `node-${String(Math.floor(index / podsOfNode) + 1).padStart(3, "0")}`,
        pod,
        severity: "critical",
      },
      annotations: { summary: `${pod} restarts again and again`, description: "Practice: an alert storm." },
      startsAt: now,
      endsAt: null,
      generatorURL: `${origin}/prom/graph?g0.expr=restarts&g0.tab=1`,
    };
  });
}

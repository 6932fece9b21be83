import { startControllers } from "./controllers/start.ts";
import { practiceIdentities } from "./identities.ts";
import { createLogs } from "./kubelet/logs.ts";
import type { Timing } from "./kubelet/timing.ts";
import { seedCluster } from "./seed/seed-cluster.ts";
import { createCluster } from "./server.ts";

/** The seeded practice cluster with its controllers and kubelets running. */
export function startPracticeCluster(timing: Partial<Timing> = {}) {
  const now = (): Date => new Date();
  const cluster = createCluster({ identities: practiceIdentities, now });
  seedCluster(cluster.store, now());
  const controllers = startControllers(cluster.store, { now, timing });
  cluster.logs = createLogs(cluster.store, now, timing.programPace);
  return { cluster, controllers };
}

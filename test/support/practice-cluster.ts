import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startControllers } from "../../sandbox/cluster/controllers/start.ts";
import type { AuditEvent } from "../../sandbox/cluster/audit.ts";
import type { FaultSettings } from "../../sandbox/cluster/faults.ts";
import { practiceIdentities } from "../../sandbox/cluster/identities.ts";
import { createLogs } from "../../sandbox/cluster/kubelet/logs.ts";
import type { Timing } from "../../sandbox/cluster/kubelet/timing.ts";
import { seedBareCluster, seedCluster } from "../../sandbox/cluster/seed/seed-cluster.ts";
import { createCluster } from "../../sandbox/cluster/server.ts";
import type { Cluster } from "../../sandbox/cluster/server.ts";
import { createStore } from "../../sandbox/cluster/store.ts";
import type { Store } from "../../sandbox/cluster/store.ts";

export interface PracticeCluster {
  /** `http://127.0.0.1:<port>`: for `kubectl --server` and for client-node with skipTLSVerify. */
  url: string;
  store: Store;
  /** Every request so far, oldest first. */
  audit: readonly AuditEvent[];
  /** For faults and for waiting on requests. */
  cluster: Cluster;
  close(): Promise<void>;
}

export interface PracticeClusterOptions {
  /** "runbook" (default): the seeded system; "bare": nodes and nothing on them. */
  seed?: "runbook" | "bare";
  /** Milliseconds; by default pods start in 60 and stop in 20. */
  timing?: Partial<Timing>;
  faults?: Partial<FaultSettings>;
}

const fast: Timing = {
  podStart: 60,
  podStop: 20,
  crashBackOff: 200,
  pullBackOff: 200,
  jobBackOff: 200,
  programPace: 0.05,
  autoscaleEvery: 100,
};

/** A practice cluster of the test's own, on a free port of 127.0.0.1. */
export async function startPracticeCluster(options: PracticeClusterOptions = {}): Promise<PracticeCluster> {
  const now = (): Date => new Date();
  const store = createStore();
  if (options.seed === "bare") seedBareCluster(store, now());
  else seedCluster(store, now());
  const cluster = createCluster({ store, identities: practiceIdentities, now });
  cluster.logs = createLogs(store, now, options.timing?.programPace ?? fast.programPace);
  cluster.faults.set(options.faults ?? {});
  const controllers = startControllers(store, { now, timing: { ...fast, ...options.timing } });
  const server = createServer((req, res) => void cluster.handle(req, res));
  server.on("upgrade", (req, socket, head) => cluster.upgrade(req, socket, head));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    store,
    audit: cluster.audit,
    cluster,
    async close() {
      controllers.close();
      await cluster.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

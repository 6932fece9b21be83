import type { Logger } from "pino";
import { createClusters } from "../adapters/kubernetes/clusters.ts";
import type { Settings } from "../config.ts";
import type { Clock } from "../domain/clock.ts";
import { probeAll, trialName } from "../engine/rot/rot.ts";
import { version } from "../version.ts";
import { wireEngine } from "../wire-engine.ts";
import { createCliDirectory } from "./directory.ts";
import type { Store } from "./session.ts";

export interface LiveLine {
  playbook: string;
  state: "able" | "unable" | "unseen";
  why: string | null;
}

/** Plans each playbook read-only against the clusters as they are, as the observer of crai.yaml. Nothing is stored. */
export async function checkLive({
  settings,
  store: { db },
  log,
  now,
}: {
  settings: Settings;
  store: Store;
  log: Logger;
  now: Clock;
}): Promise<LiveLine[]> {
  const { config, kubeconfig } = settings;
  const { identities } = config.access;
  const clusters = createClusters({ kubeconfig, clusters: config.clusters, identities, version, log });
  const { uses } = await wireEngine({
    db,
    config,
    playbooks: settings.playbooks,
    clusters,
    directory: createCliDirectory({ identities, slack: null }),
    pager: null,
    chat: null,
    executor: () => Promise.resolve("serve"),
    enqueue: () => Promise.resolve(),
    wakeOutbox: () => undefined,
    keepsRoster: false,
    warn: () => undefined,
    log,
    now,
  });
  const probed = await probeAll({ config, playbooks: uses.playbooks, planner: uses.planner });
  return probed.map((one) => ({
    playbook: trialName(one),
    state: one.found.state,
    why: one.found.state === "able" ? null : one.found.why,
  }));
}

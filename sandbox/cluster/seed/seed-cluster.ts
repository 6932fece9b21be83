import { cluster } from "../../seed.ts";
import { bootstrap } from "../bootstrap.ts";
import { prepareNew } from "../defaults/defaults.ts";
import { storedKind } from "../kinds.ts";
import type { KubeObject } from "../object.ts";
import type { Store } from "../store.ts";
import { setMetricsApi } from "../usage/availability.ts";
import { creditRiskConfig, creditRiskWorkloads } from "./credit-risk.ts";
import { replayReleases, settle } from "./history.ts";
import { monitoringConfig, monitoringWorkloads } from "./monitoring.ts";
import { practiceClasses } from "./classes.ts";
import { practiceNodes } from "./nodes.ts";
import { teamRoles } from "./roles.ts";
import { creditRiskUpkeep, seedBackups } from "./upkeep.ts";

const day = 86_400_000;

/**
 * What every cluster has: its own namespaces, three nodes and the roles without which nobody could ask anything.
 * `now` is the present; the objects are older.
 */
export function seedBareCluster(store: Store, now: Date): void {
  const since = new Date(now.getTime() - 60 * day);
  settle(store, since, () => {
    bootstrap(store, { manager: "kube-apiserver", now: since });
    for (const node of practiceNodes(since, now)) add(store, "nodes", node, since);
  });
}

/** The runbook's system with its history, its monitoring, and the rights of the people who look after it. */
export function seedCluster(store: Store, now: Date): void {
  seedBareCluster(store, now);
  const since = new Date(now.getTime() - 42 * day);
  settle(store, since, () => {
    for (const name of [cluster.namespace, "monitoring", "crai"]) addNamespace(store, name, since);
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "crai", namespace: "crai" },
    };
    add(store, "serviceaccounts", account, since);
    const roles = teamRoles([cluster.namespace, "monitoring"]);
    for (const { plural, object } of [
      ...roles,
      ...practiceClasses,
      ...creditRiskConfig,
      ...creditRiskUpkeep,
      ...monitoringConfig,
    ]) {
      add(store, plural, object, since);
    }
  });
  setMetricsApi(store, "serving", since);
  seedBackups(store, since, now);
  replayReleases(store, [...creditRiskWorkloads, ...monitoringWorkloads], now);
}

function addNamespace(store: Store, name: string, since: Date): void {
  add(store, "namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } }, since);
}

function add(store: Store, plural: string, object: KubeObject, since: Date): void {
  const created = structuredClone(object);
  const { status } = created;
  prepareNew(plural, created, storedKind(plural)?.subresources?.includes("status") ?? false);
  if (status) created["status"] = status;
  store.create(plural, created, { manager: "kubectl-client-side-apply", now: since });
}

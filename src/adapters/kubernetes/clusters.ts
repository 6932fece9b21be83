import type { Logger } from "pino";
import { type Actor, actorKey, actorName, type Identity } from "../../domain/actor.ts";
import { UserError } from "../../domain/errors.ts";
import type { Cluster, Clusters } from "../../engine/ports.ts";
import { createApi, type Retry } from "./api.ts";
import { createCluster } from "./cluster.ts";
import { connect } from "./connection.ts";
import { type ClusterSource, endpointOf, loadKubeConfig } from "./kubeconfig.ts";

export interface ClustersOptions {
  /** Path(s) as in KUBECONFIG; null: where kubectl would look. */
  kubeconfig: string | null;
  clusters: Readonly<Record<string, ClusterSource>>;
  /** `access.identities`: who is impersonated as whom. */
  identities: Readonly<Record<string, Identity>>;
  /** The command line: the caller's own credentials and nobody else's. */
  own?: boolean;
  version: string;
  log: Logger;
  /** ms an attempt of a call may take. */
  timeoutMs?: number;
  retry?: Retry;
}

function identityOf(identities: ClustersOptions["identities"], actor: Actor): Identity {
  const key = actorKey(actor);
  const identity = Object.hasOwn(identities, key) ? identities[key] : undefined;
  if (identity) return identity;
  throw new UserError(`${actorName(actor)} has no Kubernetes identity`, {
    why: `crai.yaml has no access.identities entry for ${key}, and crai never lends its own rights.`,
    next: "Whoever keeps crai.yaml can add the Kubernetes user and groups to act as.",
  });
}

/** Reads the credentials of all clusters at once. Throws a UserError for a kubeconfig that cannot be used. */
export function createClusters(options: ClustersOptions): Clusters {
  const { identities, own = false, log } = options;
  const retry = options.retry ?? { attempts: 3, firstDelayMs: 200 };
  const timeoutMs = options.timeoutMs ?? 10_000;

  const known = new Map(
    Object.entries(options.clusters).map(([name, source]) => {
      const config = loadKubeConfig(options.kubeconfig, name, source);
      return [name, { connection: connect(config), endpoint: endpointOf(config) }];
    }),
  );
  const made = new Map<string, Cluster>();

  function find(name: string) {
    const found = known.get(name);
    if (found) return found;
    throw new UserError(`There is no cluster "${name}"`, {
      why: `crai.yaml has: ${[...known.keys()].join(", ")}.`,
      next: "Correct the name, or add the cluster to crai.yaml.",
    });
  }

  return {
    as(actor, name) {
      const { connection } = find(name);
      const identity = own ? null : identityOf(identities, actor);
      const key = JSON.stringify([name, identity]);
      const before = made.get(key);
      if (before) return before;
      const caller = {
        cluster: name,
        user: identity?.user ?? "The user of your kubeconfig",
        impersonated: identity !== null,
      };
      const userAgent = `crai/${options.version}`;
      const api = createApi({ connection, caller, identity, userAgent, timeoutMs, retry, log });
      const cluster = createCluster(api);
      made.set(key, cluster);
      return cluster;
    },
    names: () => [...known.keys()],
    endpoint: (name) => find(name).endpoint,
  };
}

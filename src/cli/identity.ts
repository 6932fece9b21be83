import type { Logger } from "pino";
import { createClusters } from "../adapters/kubernetes/clusters.ts";
import { demandOwnIdentity } from "../adapters/kubernetes/kubeconfig.ts";
import type { Settings } from "../config.ts";
import type { Scope } from "../domain/access.ts";
import type { Person } from "../domain/actor.ts";
import type { Config } from "../domain/config.ts";
import { isUserError, UserError } from "../domain/errors.ts";
import type { Clusters, Directory } from "../engine/ports.ts";
import { isSlackUser } from "../engine/people.ts";
import type { Database } from "../store/database.ts";
import { type Endpoint, recordedEndpoint } from "../store/endpoints.ts";
import { version } from "../version.ts";

export interface Caller {
  actor: Person;
  /** Every call is made with the caller's own credentials, whoever's plan it is about. */
  clusters: Clusters;
  /** Throws a UserError when the clusters that something is about have not said who the caller is. */
  vouch: (scope: Scope) => void;
}

export interface IdentityOptions {
  settings: Settings;
  db: Database;
  directory: Pick<Directory, "displayName">;
  /** The context the caller chose; null: the current one, else the one crai.yaml names. */
  context: string | null;
  log: Logger;
}

type Source = Config["clusters"][string];

/** The caller's way to a cluster, or why there is none. */
type Way = { clusters: Clusters; user: string } | { problem: UserError };

function sameEndpoint(own: Endpoint, served: Endpoint, source: Source): boolean {
  // From inside, the API server has another address; its CA is the same.
  if (source.inCluster && served.ca !== null) return own.ca === served.ca;
  return own.server === served.server && own.ca === served.ca;
}

function endpointText({ server, ca }: Endpoint): string {
  return `${server} (CA ${ca === null ? "none" : ca.slice(0, 12)})`;
}

/**
 * Who calls, by SelfSubjectReview with their own kubeconfig. The API servers must be those that `serve` uses: another
 * one could call the caller whatever it likes. All that answer must agree on who it is, and what concerns a cluster
 * needs that one's own word.
 */
export async function identifyCaller(options: IdentityOptions): Promise<Caller> {
  const { settings, db, directory, context, log } = options;
  const { config } = settings;

  function open(name: string, chosen: string | undefined): Clusters {
    return createClusters({
      kubeconfig: settings.kubeconfig,
      clusters: { [name]: { context: chosen, inCluster: false } },
      identities: {},
      own: true,
      version,
      log,
    });
  }

  /** What `serve` recorded; before its first start, what crai.yaml's context is in this kubeconfig. */
  async function servedEndpoint(name: string, source: Source): Promise<Endpoint> {
    const recorded = await recordedEndpoint(db, name);
    if (recorded) return recorded;
    if (source.context !== undefined) return open(name, source.context).endpoint(name);
    throw new UserError(`It is not known which API server cluster ${name} is.`, {
      why: "No crai has served this database yet, and crai.yaml names no context.",
      next: "Start crai once, or name the context in crai.yaml.",
    });
  }

  function tryToOpen(name: string, chosen: string | undefined, tried: string[]): Clusters | undefined {
    try {
      return open(name, chosen);
    } catch (error) {
      if (!isUserError(error)) throw error;
      tried.push(error.message);
      return undefined;
    }
  }

  async function wayTo(name: string, source: Source): Promise<Way> {
    try {
      const served = await servedEndpoint(name, source);
      const candidates = context === null ? [undefined, source.context] : [context];
      const tried: string[] = [];
      for (const candidate of new Set(candidates)) {
        const clusters = tryToOpen(name, candidate, tried);
        if (clusters === undefined) continue;
        const own = clusters.endpoint(name);
        if (sameEndpoint(own, served, source)) {
          demandOwnIdentity(settings.kubeconfig, name, { context: candidate, inCluster: false });
          const { user } = await clusters.as({ kind: "observer" }, name).whoAmI();
          return { clusters, user };
        }
        tried.push(endpointText(own));
      }
      throw new UserError(`Your kubeconfig is for another API server than cluster ${name}.`, {
        why: `crai uses ${endpointText(served)}; yours is ${tried.join(", ")}.`,
        next: "Choose the right context with --context, or set KUBECONFIG.",
      });
    } catch (error) {
      if (isUserError(error)) return { problem: error };
      if (!(error instanceof Error) || error.name !== "ClusterUnreachable") throw error;
      return {
        problem: new UserError(`Cluster ${name} does not answer, so it is not known who you are there.`, {
          why: error.message,
          next: "Try again when it does, or use Slack.",
          cause: error,
        }),
      };
    }
  }

  const ways = new Map(
    await Promise.all(
      Object.entries(config.clusters).map(async ([name, source]): Promise<[string, Way]> => [
        name,
        await wayTo(name, source),
      ]),
    ),
  );
  const users = [...ways.values()].flatMap((way) => ("user" in way ? [way.user] : []));
  const [id, ...others] = new Set(users.map((user) => personId(user, config)));
  if (id === undefined) throw firstProblem(ways);
  if (others.length > 0)
    throw new UserError("Your kubeconfig makes you different people in different clusters.", {
      why: `They call you ${[...new Set(users)].join(", ")}.`,
      next: "Choose one context with --context.",
    });
  const name = isSlackUser(id) ? await directory.displayName(id) : users[0]!;
  return {
    actor: { kind: "person", id, name: name === id ? users[0]! : name },
    clusters: ownClusters(ways),
    vouch(scope) {
      const about = clustersOf(config, scope).flatMap((cluster) => ways.get(cluster) ?? []);
      const problem = about.find((way) => "problem" in way);
      if (problem !== undefined && !about.some((way) => "user" in way)) throw problem.problem;
    },
  };
}

/** One, where an environment is named. Whoever keeps a lesser cluster can be anybody there, and nobody elsewhere. */
function clustersOf({ apps, clusters }: Config, { app, environment }: Scope): string[] {
  const environments = app ? apps[app]?.environments : undefined;
  if (environments === undefined) return Object.keys(clusters);
  return Object.entries(environments)
    .filter(([name]) => !environment || name === environment)
    .map(([, { cluster }]) => cluster);
}

/** The Slack person whose Kubernetes user it is; else somebody whom roles can only name as `kubernetes:<user>`. */
function personId(user: string, { access }: Config): string {
  const people = Object.entries(access.identities).filter(
    ([key, identity]) => isSlackUser(key) && identity.user === user,
  );
  if (people.length > 1)
    throw new UserError(`crai.yaml gives ${people.length} people the Kubernetes user ${user}.`, {
      why: `They are ${people.map(([key]) => key).join(", ")}.`,
      next: "On the command line they cannot be told apart: give each their own user.",
    });
  return people[0]?.[0] ?? `kubernetes:${user}`;
}

function firstProblem(ways: ReadonlyMap<string, Way>): UserError {
  for (const way of ways.values()) if ("problem" in way) return way.problem;
  return new UserError("crai.yaml names no cluster, so it is not known who you are.", {
    why: "Who somebody is, their own cluster says.",
    next: "Add one under clusters.",
  });
}

function ownClusters(ways: ReadonlyMap<string, Way>): Clusters {
  function find(name: string): Clusters {
    const way = ways.get(name);
    if (way === undefined)
      throw new UserError(`There is no cluster "${name}".`, {
        why: `crai.yaml has: ${[...ways.keys()].join(", ")}.`,
        next: "Correct the name, or add the cluster to crai.yaml.",
      });
    if ("problem" in way) throw way.problem;
    return way.clusters;
  }
  return {
    as: (actor, name) => find(name).as(actor, name),
    names: () => [...ways.keys()],
    endpoint: (name) => find(name).endpoint(name),
  };
}

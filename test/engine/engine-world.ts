import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { parse } from "yaml";
import { craiConfig, kubeconfig, sandboxPace } from "../../sandbox/crai-config.ts";
import { cluster as seed, people, type Person as Seeded, slack } from "../../sandbox/seed.ts";
import { createClusters } from "../../src/adapters/kubernetes/clusters.ts";
import type { Person } from "../../src/domain/actor.ts";
import type { Alert } from "../../src/domain/alert.ts";
import { Config } from "../../src/domain/config.ts";
import { type Alerts, createAlerts } from "../../src/engine/alerts/alerts.ts";
import type { Clusters, Directory, Pager } from "../../src/engine/ports.ts";
import { type Database, openDatabase } from "../../src/store/database.ts";
import { type Engine, wireEngine } from "../../src/wire-engine.ts";
import { createTestDatabase } from "../support/database.ts";
import { type PracticeCluster, startPracticeCluster } from "../support/practice-cluster.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Rolls back and looks at nothing afterwards: what the engine does around one change is the matter here. */
export const rollback = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: rollback
  version: 1
  title: "Roll back \${{ app }}"
  owner: DevOps Team
  runbook: [Rollback Procedures]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
command:
  summary: Go back
inputs:
  app: { type: app, required: true, description: The app }
  env: { type: environment, description: The environment }
  to: { type: revision, description: The revision }
on_alert: { level: [critical], mode: propose }
permission: rollout:undo
risk: reversible
steps:
  - id: undo
    action: rollout-undo
    with: { to: "\${{ inputs.to }}" }
    timeout: 1m
verify: []
`;

/** Everybody of the sandbox's seed, as Slack would name them. */
const directory: Directory = {
  displayName: (user) => Promise.resolve(named(user)?.name ?? user),
  email: (user) => Promise.resolve(named(user)?.email ?? null),
  userByEmail: (email) =>
    Promise.resolve(Object.values<Seeded>(people).find((one) => one.email === email)?.slack ?? null),
  groupMembers: (group) =>
    Promise.resolve([...(slack.userGroups.find(({ id }) => id === group)?.users ?? [])]),
};

function named(user: string): Seeded | undefined {
  return Object.values<Seeded>(people).find((one) => one.slack === user);
}

/** Says who is on call, for everything. */
function pagerOf(onCall: readonly string[]): Pager {
  return {
    onCall: () =>
      Promise.resolve(
        onCall.map((email) => {
          const known = Object.values<Seeded>(people).find((one) => one.email === email);
          return { pagerdutyUser: email, name: known?.name ?? email, email, until: null };
        }),
      ),
    incident: () => Promise.resolve(null),
    openIncidents: () => Promise.resolve([]),
    check: () => Promise.resolve("PagerDuty answers"),
  };
}

export function actorOf({ slack: id, name }: Seeded): Person {
  return { kind: "person", id, name };
}
export const robin = actorOf(people.robin);
export const alex = actorOf(people.alex);
export const sasha = actorOf(people.sasha);

export interface EngineWorld {
  db: Database;
  url: string;
  cluster: PracticeCluster;
  config: Config;
  /** Email addresses of the people on call, for everything: Robin at first. */
  onCall: string[];
  /** A process of crai's: its own connections to the cluster, the same database. */
  process(options?: { now?: () => Date; timeoutMs?: number }): Promise<Engine & { clusters: Clusters }>;
}

/** The engine on a real database and the practice cluster; Slack and PagerDuty are only asked who people are. */
export async function startEngineWorld({
  playbooks = { rollback },
}: {
  /** YAML, by the name of its file. */
  playbooks?: Record<string, string>;
} = {}): Promise<EngineWorld> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  const cluster = await startPracticeCluster();
  const folder = temporaryFolder();
  writeFileSync(join(folder, "kubeconfig"), kubeconfig(cluster.url).replaceAll("/k8s", ""), { mode: 0o600 });
  for (const [name, yaml] of Object.entries(playbooks)) writeFileSync(join(folder, `${name}.yaml`), yaml);
  const config = Config.parse(
    parse(craiConfig(cluster.url, sandboxPace, { context: seed.name, prometheus: `${cluster.url}/prom` })),
  );
  onTestFinished(async () => {
    await cluster.close();
    await db.destroy();
    await database.drop();
  });
  const log = pino({ level: "silent" });
  const onCall: string[] = [people.robin.email];
  return {
    onCall,
    db,
    url: database.url,
    cluster,
    config,
    async process({ now = () => new Date(), timeoutMs = 5000 } = {}) {
      const clusters = createClusters({
        kubeconfig: join(folder, "kubeconfig"),
        clusters: config.clusters,
        identities: config.access.identities,
        version: "test",
        log,
        timeoutMs,
      });
      const engine = await wireEngine({
        db,
        config,
        playbooks: folder,
        clusters,
        directory,
        pager: pagerOf(onCall),
        chat: null,
        executor: () => Promise.resolve("serve"),
        // The tests carry runs out themselves, as the workflow does.
        enqueue: () => Promise.resolve(),
        wakeOutbox: () => undefined,
        keepsRoster: true,
        warn: () => undefined,
        log,
        now,
      });
      return { ...engine, clusters };
    },
  };
}

export function alertsOf({ db, config }: EngineWorld, { uses }: Engine): Alerts {
  return createAlerts({
    db,
    config,
    incidents: uses.incidents,
    wakeOutbox: () => undefined,
    now: () => new Date(),
    log: pino({ level: "silent" }),
  });
}

/** One that concerns the api. */
export function alert(more: Partial<Alert> = {}): Alert {
  return {
    source: "alertmanager",
    fingerprint: "f1",
    group: null,
    status: "firing",
    title: "HighErrorRate",
    level: "critical",
    labels: { app: "api", namespace: "credit-risk-ai" },
    annotations: {},
    startsAt: "2026-11-22T10:00:00.000Z",
    endsAt: null,
    url: null,
    pagerdutyIncident: null,
    pagerdutyService: null,
    ...more,
  };
}

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { vi } from "vitest";
import type { AuditEvent } from "../../../sandbox/cluster/audit.ts";
import { teamRoles } from "../../../sandbox/cluster/seed/roles.ts";
import { cluster as seed, people } from "../../../sandbox/seed.ts";
import { createClusters } from "../../../src/adapters/kubernetes/clusters.ts";
import { connect, readBody } from "../../../src/adapters/kubernetes/connection.ts";
import { loadKubeConfig } from "../../../src/adapters/kubernetes/kubeconfig.ts";
import type { Identity, Person } from "../../../src/domain/actor.ts";
import type { Cluster, Clusters, JsonObject } from "../../../src/engine/ports.ts";
import { startPracticeCluster } from "../../support/practice-cluster.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { startControlPlane } from "../kubectl/real.ts";
import type { KubectlTarget } from "../kubectl/run.ts";

/** The namespace the cases play in; the seed's teams have their rights there. */
export const namespace = seed.namespace;

export const robin: Person = { kind: "person", id: people.robin.slack, name: "Robin" };
export const alex: Person = { kind: "person", id: people.alex.slack, name: "Alex" };
export const noor: Person = { kind: "person", id: people.noor.slack, name: "Noor" };
/** In the group `a,b`, which is one group. */
export const comma: Person = { kind: "person", id: "U0COMMA", name: "Comma" };
/** Known to crai.yaml, but crai's service account may not impersonate them. */
export const unlent: Person = { kind: "person", id: "U0UNLENT", name: "Unlent" };

const identities: Record<string, Identity> = {
  [robin.id]: people.robin.kubernetes,
  [alex.id]: people.alex.kubernetes,
  [noor.id]: people.noor.kubernetes,
  [comma.id]: { user: people.noor.kubernetes.user, groups: ["support", "a,b"] },
  [unlent.id]: { user: "system:admin", groups: ["system:masters"] },
  "alert:alertmanager": { ...seed.machines.alert, groups: [...seed.machines.alert.groups] },
};

/** An API server with the seed's teams, their namespace and crai's own account, and nothing else. */
export interface World {
  name: "practice cluster" | "control plane";
  /** As its administrator. */
  kubectl: KubectlTarget;
  admin: Admin;
  /** crai's way in: the bot's token, with the people impersonated. */
  clusters: Clusters;
  /** Path of the kubeconfig that holds the bot's token. */
  kubeconfig: string;
  /** Reads as administrator, for the cases' own looks. */
  look: Cluster;
  audit(): readonly AuditEvent[];
  /** Admission says no to the next patch of this workload. */
  denyNextPatch(name: string): Promise<void>;
  close(): Promise<void>;
}

/** The world of the running suite, once it has started. */
export type WorldOf = () => World;

/** Raw calls with every right. Throws what the server answers, if that is no success. */
interface Admin {
  create(path: string, object: object): Promise<JsonObject>;
  patch(path: string, body: unknown, type?: "merge" | "json" | "strategic"): Promise<JsonObject>;
  get(path: string): Promise<JsonObject>;
  delete(path: string): Promise<void>;
}

const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

function createAdmin(kubeconfig: string): Admin {
  const connection = connect(loadKubeConfig(kubeconfig, "admin", { inCluster: false }));
  async function call(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    type = "application/json",
  ) {
    const headers = { Accept: "application/json", "Content-Type": type, "User-Agent": "administrator" };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await connection.open({ method, path, headers, ...text }, AbortSignal.timeout(30_000));
    const content = await readBody(answer);
    if (answer.statusCode! >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${content}`);
    return JSON.parse(content) as JsonObject;
  }
  return {
    create: (path, object) => call("POST", path, object),
    patch: (path, body, type = "merge") => call("PATCH", path, body, patchTypes[type]),
    get: (path) => call("GET", path),
    async delete(path) {
      await call("DELETE", path);
    },
  };
}

async function prepare(admin: Admin): Promise<void> {
  for (const name of [namespace, "crai"])
    await admin.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  for (const { plural, object } of teamRoles([namespace])) {
    const within = object.metadata.namespace === undefined ? "" : `/namespaces/${object.metadata.namespace}`;
    await admin.create(`${rbac}${within}/${plural}`, object);
  }
  const more = [
    { apiGroups: [""], resources: ["groups"], resourceNames: ["a,b"], verbs: ["impersonate"] },
    { apiGroups: [""], resources: ["resourcequotas"], verbs: ["list"] },
  ];
  await admin.create(`${rbac}/clusterroles`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "more" },
    rules: more,
  });
  await admin.create(`${rbac}/clusterrolebindings`, {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "more" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "more" },
    subjects: [
      { kind: "ServiceAccount", name: "crai", namespace: "crai" },
      { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "sre-leads" },
    ],
  });
}

interface ClusterEntry {
  server: string;
  "certificate-authority-data"?: string;
}

function writeKubeconfig(path: string, cluster: ClusterEntry, user: object): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "world",
    clusters: [{ name: "world", cluster }],
    users: [{ name: "world", user }],
    contexts: [{ name: "world", context: { cluster: "world", user: "world" } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** Short delays, so that a case about a lost connection does not take its time. */
function clustersFrom(kubeconfig: string, own = false): Clusters {
  return createClusters({
    kubeconfig,
    clusters: { world: { inCluster: false } },
    identities,
    own,
    version: "0.0.0-test",
    log: pino({ level: "silent" }),
    timeoutMs: 5000,
    retry: { attempts: 3, firstDelayMs: 20 },
  });
}

function assemble(kubeconfig: string, adminKubeconfig: string) {
  return {
    kubeconfig,
    admin: createAdmin(adminKubeconfig),
    clusters: clustersFrom(kubeconfig),
    look: clustersFrom(adminKubeconfig, true).as(robin, "world"),
  };
}

export async function startPracticeWorld(): Promise<World> {
  const folder = temporaryFolder();
  const practice = await startPracticeCluster({ seed: "bare" });
  const entry = { server: practice.url };
  const adminKubeconfig = writeKubeconfig(join(folder, "admin"), entry, {});
  const kubeconfig = writeKubeconfig(join(folder, "bot"), entry, { token: seed.bot.token });
  const world = assemble(kubeconfig, adminKubeconfig);
  await prepare(world.admin);
  return {
    ...world,
    name: "practice cluster",
    kubectl: {
      flags: ["--cache-dir", join(folder, "cache")],
      env: { KUBECONFIG: adminKubeconfig, HOME: folder },
    },
    audit: () => practice.audit,
    async denyNextPatch() {
      practice.cluster.faults.set({ failNext: { verb: "patch", resource: "deployments", status: 403 } });
    },
    close: () => practice.close(),
  };
}

export async function startRealWorld(assets: string): Promise<World> {
  const plane = await startControlPlane(assets);
  const folder = plane.env["HOME"]!;
  const adminKubeconfig = plane.env["KUBECONFIG"]!;
  const admin = createAdmin(adminKubeconfig);
  await prepare(admin);
  const accounts = "/api/v1/namespaces/crai/serviceaccounts";
  await admin.create(accounts, {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "crai", namespace: "crai" },
  });
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const { status } = (await admin.create(`${accounts}/crai/token`, request)) as { status: { token: string } };
  // The folder's state file says where the lab keeps its logs.
  const lab = readFileSync(join(folder, "state"), "utf8").trim();
  const [{ cluster }] = loadKubeConfigClusters(adminKubeconfig);
  const kubeconfig = writeKubeconfig(join(folder, "bot"), cluster, { token: status.token });
  return {
    ...assemble(kubeconfig, adminKubeconfig),
    denyNextPatch: (name) => denyPatches(admin, name),
    name: "control plane",
    kubectl: plane,
    audit: () =>
      readFileSync(join(lab, "logs/audit.log"), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as AuditEvent),
    close: () => plane.close(),
  };
}

/** A policy of the cluster's own; in force once a patch is denied. */
async function denyPatches(admin: Admin, name: string): Promise<void> {
  const policies = "/apis/admissionregistration.k8s.io/v1";
  const apiVersion = "admissionregistration.k8s.io/v1";
  const operations = ["UPDATE"];
  const resourceRules = [
    { apiGroups: ["apps"], apiVersions: ["v1"], operations, resources: ["deployments"] },
  ];
  await admin.create(`${policies}/validatingadmissionpolicies`, {
    apiVersion,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: {
      matchConstraints: { resourceRules },
      matchConditions: [{ name: "name", expression: `object.metadata.name == "${name}"` }],
      validations: [{ expression: "false", message: "change freeze" }],
    },
  });
  await admin.create(`${policies}/validatingadmissionpolicybindings`, {
    apiVersion,
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"] },
  });
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}?dryRun=All`;
  await vi.waitFor(
    async () => {
      const allowed = await admin.patch(path, { metadata: { labels: { probe: "yes" } } }).then(
        () => true,
        () => false,
      );
      if (allowed) throw new Error("The policy is not in force yet");
    },
    { timeout: 20_000 },
  );
}

function loadKubeConfigClusters(path: string): [{ cluster: ClusterEntry }] {
  const [cluster] = loadKubeConfig(path, "admin", { inCluster: false }).clusters;
  return [{ cluster: { server: cluster!.server, "certificate-authority-data": cluster!.caData! } }];
}

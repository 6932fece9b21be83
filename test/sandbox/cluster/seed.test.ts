import { describe, expect, it, onTestFinished } from "vitest";
import type { CronJob, Job } from "../../../sandbox/cluster/controllers/jobs/objects.ts";
import type { Deployment, Node } from "../../../sandbox/cluster/controllers/objects.ts";
import { startControllers } from "../../../sandbox/cluster/controllers/start.ts";
import { createAuthorizer } from "../../../sandbox/cluster/rbac.ts";
import type { Attributes } from "../../../sandbox/cluster/rbac.ts";
import { seedCluster } from "../../../sandbox/cluster/seed/seed-cluster.ts";
import { createStore } from "../../../sandbox/cluster/store.ts";
import { cluster, people } from "../../../sandbox/seed.ts";
import { practiceApps } from "../../../sandbox/apps/practice-apps.ts";
import { eventually, revision } from "./world.ts";

const store = createStore();
seedCluster(store, new Date());
const { namespace } = cluster;

describe("the seeded system", () => {
  it("is settled: nothing changes when its controllers start", async () => {
    const own = createStore();
    seedCluster(own, new Date());
    const changes: string[] = [];
    own.onEvent((plural, { type, object }) => changes.push(`${type} ${plural} ${object.metadata.name}`));
    const controllers = startControllers(own, { now: () => new Date(), timing: { podStart: 0, podStop: 0 } });
    onTestFinished(() => controllers.close());

    // A change of our own comes after all that the start has set off.
    own.create(
      "configmaps",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "last", namespace } },
      { manager: "test", now: new Date() },
    );
    await eventually(() => expect(changes).toContain("ADDED configmaps last"));

    expect(changes).toEqual(["ADDED configmaps last"]);
  });

  it.each(practiceApps)(
    "has $workload with the container $container, available",
    ({ workload, container }) => {
      const deployment = store.get("deployments", namespace, workload.split("/")[1]!) as Deployment;

      expect(deployment.spec.template.spec.containers.map(({ name }) => name)).toEqual([container]);
      expect(deployment.status?.availableReplicas).toBe(deployment.spec.replicas);
    },
  );

  it("remembers the releases of the api, with causes, so that a rollback has somewhere to go", () => {
    const sets = store
      .list("replicasets", namespace)
      .filter(({ metadata }) => metadata.labels?.["app"] === "api");
    const history = sets
      .sort((a, b) => revision(a) - revision(b))
      .map((set) => {
        const { image } = (set as Deployment).spec.template.spec.containers[0]!;
        return [revision(set), image, set.metadata.annotations?.["kubernetes.io/change-cause"]];
      });

    expect(history).toEqual([
      [1, `${cluster.image}:v1.1.7`, expect.stringMatching(/^Release v1\.1\.7: /)],
      [2, `${cluster.image}:v1.1.8`, expect.stringMatching(/^Release v1\.1\.8: /)],
      [3, `${cluster.image}:v1.1.9`, expect.stringMatching(/^Release v1\.1\.9: /)],
    ]);
  });

  it("has a nightly backup that succeeded last night, and a budget that keeps the api up in a drain", () => {
    const cron = store.get("cronjobs", namespace, "postgres-backup") as CronJob;
    const age = Date.now() - Date.parse(cron.status?.lastSuccessfulTime ?? "");
    expect(age).toBeLessThan(86_400_000);
    expect(store.list("jobs", namespace).map((job) => (job as Job).status?.succeeded)).toEqual([1, 1, 1]);
    expect(store.get("poddisruptionbudgets", namespace, "api-pdb")?.["status"]).toMatchObject({
      currentHealthy: 3,
      desiredHealthy: 2,
      disruptionsAllowed: 1,
    });
  });

  it("has nodes as large as the runbook wants them, one with GPUs", () => {
    const capacities = (store.list("nodes") as Node[]).map(({ status }) => status?.capacity);
    expect(capacities.map((one) => [one?.["cpu"], one?.["memory"]])).toEqual([
      ["16", "64Gi"],
      ["16", "64Gi"],
      ["16", "64Gi"],
    ]);
    expect(capacities.map((one) => one?.["nvidia.com/gpu"])).toEqual([undefined, undefined, "2"]);
  });

  it("has a StatefulSet and a DaemonSet that can be rolled back, too", () => {
    const revisions = store.list("controllerrevisions", "monitoring");

    const counts = Map.groupBy(revisions, ({ metadata }) => metadata.ownerReferences?.[0]?.kind);
    expect([...counts].map(([kind, { length }]) => [kind, length])).toEqual([
      ["DaemonSet", 2],
      ["StatefulSet", 2],
    ]);
  });
});

describe("the rights in the seeded system", () => {
  const authorizer = createAuthorizer(store);

  function may(
    who: { user: string; groups: readonly string[] },
    verb: string,
    what: string,
    where?: string,
  ): boolean {
    const [path = "", name] = what.split(" ");
    const [resource = "", group = ""] = path.split("@");
    const [plural = "", subresource] = resource.split("/");
    const attributes: Attributes = {
      user: { name: who.user, groups: [...who.groups, "system:authenticated"] },
      verb,
      resource: {
        group,
        plural,
        ...(subresource && { subresource }),
        ...(name && { name }),
        ...(where && { namespace: where }),
      },
    };
    return authorizer.authorize(attributes).allowed;
  }

  it.each([
    ["robin", "patch", "deployments@apps", true],
    ["robin", "patch", "statefulsets@apps", true],
    ["robin", "update", "deployments/scale@apps", true],
    ["robin", "list", "controllerrevisions@apps", true],
    ["robin", "delete", "pods", true],
    ["robin", "get", "pods/log", true],
    ["robin", "get", "secrets", false],
    ["robin", "delete", "statefulsets@apps", false],
    ["alex", "get", "secrets", true],
    ["alex", "delete", "deployments@apps", true],
    ["noor", "list", "pods", true],
    ["noor", "get", "pods/log", false],
    ["noor", "get", "deployments@apps", false],
    ["noor", "patch", "deployments@apps", false],
  ] as const)("%s: %s %s is %s", (person, verb, what, allowed) => {
    expect(may(people[person].kubernetes, verb, what, namespace)).toBe(allowed);
  });

  it("end at the system's namespaces", () => {
    expect(may(people.alex.kubernetes, "delete", "pods", "kube-system")).toBe(false);
    expect(may(people.robin.kubernetes, "patch", "daemonsets@apps", "monitoring")).toBe(true);
  });

  it("let crai stand in for the people and machines, and do nothing by itself", () => {
    for (const { user, groups } of [
      ...Object.values(people).map((one) => one.kubernetes),
      ...Object.values(cluster.machines),
    ]) {
      expect(may(cluster.bot, "impersonate", `users ${user}`)).toBe(true);
      for (const group of groups) expect(may(cluster.bot, "impersonate", `groups ${group}`)).toBe(true);
    }
    expect(may(cluster.bot, "impersonate", "users somebody@example.com")).toBe(false);
    expect(may(cluster.bot, "impersonate", "groups system:masters")).toBe(false);
    expect(may(cluster.bot, "impersonate", "users")).toBe(false);
    expect(may(cluster.bot, "create", "subjectaccessreviews@authorization.k8s.io")).toBe(true);
    for (const verb of ["get", "list", "patch"]) {
      expect(may(cluster.bot, verb, "deployments@apps", namespace)).toBe(false);
    }
  });

  it("let the machines look, but not at Secrets, and touch nothing", () => {
    for (const machine of Object.values(cluster.machines)) {
      expect(may(machine, "list", "deployments@apps", namespace)).toBe(true);
      expect(may(machine, "get", "pods/log", namespace)).toBe(true);
      expect(may(machine, "get", "secrets", namespace)).toBe(false);
      expect(may(machine, "patch", "deployments@apps", namespace)).toBe(false);
    }
  });
});

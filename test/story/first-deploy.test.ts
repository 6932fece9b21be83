import { afterAll, beforeAll, expect, test } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, storyTimeout } from "./story.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld({ pace });
}, storyTimeout);
afterAll(() => world?.close());

const { namespace } = cluster;

/** What a team has before its first release: a namespace with its rights, configuration and Secrets, and nothing that runs. */
function empty(): void {
  const { store } = world.sandbox.cluster;
  const by = { manager: "test", now: new Date() };
  for (const plural of ["deployments", "services", "ingresses"])
    for (const { metadata } of store.list(plural, namespace))
      store.delete(plural, namespace, metadata.name, by);
}

/** Names of the objects of a kind, in the order in which they were made. */
function made(plural: string): string[] {
  return world.sandbox.cluster.store
    .list(plural, namespace)
    .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
    .map(({ metadata }) => metadata.name);
}

test("a first release goes out into an empty cluster, in order", { timeout: storyTimeout }, async () => {
  const { robin, alex, sandbox } = world;
  empty();
  await expect.poll(() => made("pods"), { timeout: withinMs }).toEqual([]);
  const since = String(Date.now() / 1000);
  const from = sandbox.cluster.audit.length;
  await robin.command(teamChannel, '/crai deploy v1.2.4 --override "The first release"');
  const plan = await robin.waitForMessage(teamChannel, /Deploy v1\.2\.4[\s\S]*Approve/, {
    after: since,
    withinMs,
  });
  expect(textOf(plan)).toContain("Deployment api-deployment is new");
  await alex.press(plan, "Approve");
  const said = textOf(await ended(robin, teamChannel));
  expect(said).toMatch(/^R\d+ Cured: Deploy v1\.2\.4/);
  expect(said).toContain("api-service has 3 ready back-ends");

  const applied = sandbox.cluster.audit
    .slice(from)
    .filter(
      ({ verb, requestURI, stage }) =>
        verb === "patch" && stage === "ResponseComplete" && !requestURI.includes("dryRun"),
    )
    .flatMap(({ objectRef, requestURI }) =>
      requestURI.includes("fieldManager=crai") && objectRef?.resource === "deployments"
        ? [objectRef.name]
        : [],
    );
  expect(applied).toEqual([
    "postgres-deployment",
    "redis-deployment",
    "mlflow-deployment",
    "api-deployment",
    "federated-server-deployment",
  ]);
});

test(
  "what it made is taken back in reverse order, and what holds data stays",
  { timeout: storyTimeout },
  async () => {
    const { robin, alex, sandbox } = world;
    const since = String(Date.now() / 1000);
    const from = sandbox.cluster.audit.length;
    await robin.command(teamChannel, "/crai undo R1");
    const plan = await robin.waitForMessage(teamChannel, /^Undo R1[\s\S]*Approve/, {
      after: since,
      withinMs,
    });
    await alex.press(plan, "Approve");
    const said = await robin.waitForMessage(teamChannel, /^R2 (Cured|Done|Failed|Stuck|Outcome|Carried)/, {
      after: since,
      withinMs: 100_000,
    });
    expect(textOf(said)).toMatch(/^R2 (Cured|Done)/);
    const removed = sandbox.cluster.audit
      .slice(from)
      .filter(
        ({ verb, stage, user }) => verb === "delete" && stage === "ResponseComplete" && user !== undefined,
      )
      .flatMap(({ objectRef }) => (objectRef?.resource === "deployments" ? [objectRef.name] : []));
    expect(removed).toEqual([
      "federated-server-deployment",
      "api-deployment",
      "mlflow-deployment",
      "redis-deployment",
    ]);
    expect(made("deployments")).toEqual(["postgres-deployment"]);
    expect(sandbox.cluster.store.get("namespaces", undefined, namespace)).toBeDefined();
  },
);

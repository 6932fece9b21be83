import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { cluster as seed } from "../../sandbox/seed.ts";
import { startObserver } from "../../src/engine/observe-health.ts";
import type { Metrics } from "../../src/engine/ports.ts";
import { alert, alertsOf, type EngineWorld, startEngineWorld } from "./engine-world.ts";

/** Metrics that are good until the test says otherwise. */
function metrics() {
  let answer = 0.000_1;
  let asked = (): void => undefined;
  let gate = Promise.resolve();
  const port: Metrics = {
    async query() {
      asked();
      await gate;
      return { known: true, value: answer };
    },
    series: () => Promise.resolve({ known: true, samples: [] }),
    range: () => Promise.resolve([]),
  };
  return {
    port,
    /** Resolves when a question waits for its answer; what it returns lets all answers be bad. */
    hold: async (): Promise<() => void> => {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      await new Promise<void>((resolve) => (asked = resolve));
      return () => {
        answer = 0.5;
        held.resolve();
      };
    },
  };
}

function ship({ cluster }: EngineWorld, tag: string): void {
  const deployment = cluster.store.get("deployments", seed.namespace, "api-deployment")!;
  type Containers = { spec: { template: { spec: { containers: { image: string }[] } } } };
  (deployment as unknown as Containers).spec.template.spec.containers[0]!.image = `${seed.image}:${tag}`;
  cluster.store.update("deployments", deployment, { manager: "ci", now: new Date() });
}

/** Looks all the time, at a world where errors are blamed half a second after a rollout. */
async function observe(world: EngineWorld, port: Metrics): Promise<void> {
  const { clusters } = await world.process();
  const { api } = world.config.apps;
  const observer = startObserver({
    db: world.db,
    config: {
      apps: { api: api! },
      deadlines: { ...world.config.deadlines, settle: 250, window: 250, observe: 20, healthy: 0 },
    },
    clusters,
    metrics: port,
    log: pino({ level: "silent" }),
    now: () => new Date(),
  });
  onTestFinished(() => observer.stop());
}

function known({ db }: EngineWorld) {
  return db
    .selectFrom("revision_health")
    .select(["revision", "bad_at", "healthy_at"])
    .orderBy("revision")
    .execute();
}

test("errors that come with a new release are blamed on it, and never on the good one it replaced", async () => {
  const world = await startEngineWorld();
  const { port, hold } = metrics();
  await observe(world, port);
  await vi.waitFor(async () => expect(await known(world)).toMatchObject([{ revision: 3, bad_at: null }]));
  const turnBad = await hold();
  ship(world, "v1.2.0-errors");
  turnBad();
  await vi.waitFor(async () => expect((await known(world)).map(({ revision }) => revision)).toEqual([3, 4]), {
    timeout: 10_000,
  });
  expect(await known(world)).toMatchObject([{ bad_at: null }, { bad_at: expect.any(Date) as Date }]);
});

test("an alert that fired before a release is no fault of that release", async () => {
  const world = await startEngineWorld();
  await observe(world, metrics().port);
  await vi.waitFor(async () => expect(await known(world)).toHaveLength(1));
  const startsAt = new Date(Date.now() - 60_000).toISOString();
  await alertsOf(world, await world.process()).receive([alert({ startsAt })], "delivery 1");
  ship(world, "v1.2.0");
  await vi.waitFor(async () => expect((await known(world)).map(({ revision }) => revision)).toEqual([3, 4]), {
    timeout: 10_000,
  });
  expect(await known(world)).toMatchObject([{ bad_at: null }, { bad_at: null }]);
});

test("an alert that begins while a release serves alone is held against it, though no metric tells", async () => {
  const world = await startEngineWorld();
  await observe(world, metrics().port);
  await vi.waitFor(async () => expect(await known(world)).toMatchObject([{ revision: 3, bad_at: null }]));
  const startsAt = new Date().toISOString();
  await alertsOf(world, await world.process()).receive([alert({ startsAt })], "delivery 1");
  await vi.waitFor(async () =>
    expect(await known(world)).toMatchObject([{ revision: 3, bad_at: expect.any(Date) as Date }]),
  );
});

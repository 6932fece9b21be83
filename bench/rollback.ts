import { cluster } from "../sandbox/seed.ts";
import { type Database, openDatabase } from "../src/store/database.ts";
import type { Row } from "../src/store/tables.ts";
import { person } from "../test/support/person.ts";
import { against, atMost, type Figure, median, percentile } from "./figures.ts";
import type { World } from "./world.ts";

const ROUNDS = 8;

type Client = ReturnType<typeof person>;

interface Times {
  planned: number[];
  patched: number[];
  rolledOut: number[];
}

/** Ships what is to be rolled back: `crash` leaves the old pods standing, `good` means pods must start again. */
async function ship(world: World, tag: string, kind: "crash" | "good"): Promise<void> {
  await world.kubectl(
    "set",
    "image",
    "deployment/api-deployment",
    `api=${cluster.image}:${tag}${kind === "crash" ? "-crash" : ""}`,
  );
  if (kind === "good") return world.kubectl("rollout", "status", "deployment/api-deployment");
  // The bad pod is there, the old ones stay: what an outage by a crashing release looks like.
  await world.kubectl(
    "wait",
    "--for=jsonpath={.status.unavailableReplicas}=1",
    "deployment/api-deployment",
    "--timeout=30s",
  );
}

async function newestRun(db: Database): Promise<Row<"run"> | undefined> {
  return db.selectFrom("run").selectAll().orderBy("number", "desc").executeTakeFirst();
}

/** When a run after `before` has ended: ms from applying its patch to rolled out, by its record. */
async function rolledOutAfter(db: Database, before: number): Promise<number> {
  for (;;) {
    const run = await newestRun(db);
    if (run !== undefined && run.number > before && run.status === "finished") {
      const steps = await db.selectFrom("run_step").selectAll().where("run", "=", run.number).execute();
      const [undo, wait] = ["undo", "wait"].map((id) => steps.find(({ step }) => step === id));
      if (undo && wait?.finished_at) return wait.finished_at.getTime() - undo.intended_at.getTime();
      throw new Error(`R${run.number} was not rolled out: ${run.outcome}, ${run.detail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The moment the practice cluster is sent a write that counts. */
function nextPatch({ sandbox }: World): Promise<number> {
  return new Promise((resolve) => {
    const stop = sandbox.cluster.onRequest(({ phase, method, uri }) => {
      if (phase !== "received" || method !== "PATCH" || uri.includes("dryRun")) return;
      stop();
      resolve(performance.now());
    });
  });
}

/** `/crai rollback`, Confirm, until the run has ended. */
async function byCrai(world: World, who: Client, times: Times): Promise<void> {
  const db = openDatabase(world.databaseUrl, { connections: 1 });
  const before = (await newestRun(db))?.number ?? 0;
  const after = String(Date.now() / 1000);
  const asked = performance.now();
  await who.command("C0API", "/crai rollback api");
  const plan = await who.waitForMessage("C0API", /Confirm/, { after, withinMs: 60_000 });
  times.planned.push(performance.now() - asked);
  // On a control plane nobody sees when it is sent.
  const patch = world.onPlane ? undefined : nextPatch(world);
  const pressed = performance.now();
  await who.press(plan, "Confirm");
  if (patch) times.patched.push((await patch) - pressed);
  times.rolledOut.push(await rolledOutAfter(db, before));
  await db.destroy();
}

/** The same by kubectl: undo, then status until it is rolled out. */
async function byKubectl(world: World): Promise<number> {
  const began = performance.now();
  await world.kubectl("rollout", "undo", "deployment/api-deployment");
  await world.kubectl("rollout", "status", "deployment/api-deployment");
  return performance.now() - began;
}

/** Roll-out times of crai and of kubectl in turns, on the same API. */
async function inTurns(
  world: World,
  who: Client,
  where: string,
): Promise<{ figures: Figure[]; times: Times }> {
  const figures: Figure[] = [];
  const all: Times = { planned: [], patched: [], rolledOut: [] };
  for (const { kind, limit, name } of [
    { kind: "crash", limit: 0.6, name: "where the old pods stand" },
    { kind: "good", limit: 1, name: "where pods must start" },
  ] as const) {
    const times: Times = { ...all, rolledOut: [] };
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await ship(world, `v2.${round}.0-${kind === "crash" ? "a" : "b"}`, kind);
      floor.push(await byKubectl(world));
      await ship(world, `v3.${round}.0-${kind === "crash" ? "a" : "b"}`, kind);
      await byCrai(world, who, times);
    }
    figures.push(
      against(median(floor), limit, {
        name: `rollback${where} ${name}, apply to rolled out`,
        value: median(times.rolledOut),
        unit: "ms",
      }),
    );
  }
  return { figures, times: all };
}

/** The roll-out on a control plane, against kubectl on the same one. */
export async function rollbackOnControlPlane(world: World): Promise<Figure[]> {
  await world.crai();
  return (await inTurns(world, person(world.sandbox.url, "U0ROBIN"), " on control plane:")).figures;
}

/** Plan, patch and roll-out times on the practice cluster. */
export async function rollbackTimes(world: World): Promise<Figure[]> {
  await world.crai();
  const robin = person(world.sandbox.url, "U0ROBIN");
  const { figures, times } = await inTurns(world, robin, "");
  figures.push(
    atMost(500, { name: "confirm to PATCH sent, p95", value: percentile(times.patched, 0.95), unit: "ms" }),
  );

  world.sandbox.cluster.faults.set({ delayMs: 100 });
  const slow: Times = { planned: [], patched: [], rolledOut: [] };
  for (let round = 0; round < ROUNDS; round++) await byCrai(world, robin, slow);
  figures.push(
    atMost(2000, {
      name: "/crai rollback to plan shown, 100 ms added to every API call, p95",
      value: percentile(slow.planned, 0.95),
      unit: "ms",
    }),
  );
  return figures;
}

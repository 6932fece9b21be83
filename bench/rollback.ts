import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { cluster } from "../sandbox/seed.ts";
import { openDatabase } from "../src/store/database.ts";
import { person } from "../test/support/person.ts";
import { against, atMost, type Figure, median, percentile } from "./figures.ts";
import type { World } from "./world.ts";

const run = promisify(execFile);
const ROUNDS = 8;

interface Times {
  planned: number[];
  patched: number[];
  rolledOut: number[];
}

async function kubectl(world: World, ...args: string[]): Promise<void> {
  await run("kubectl", [
    "--server",
    `${world.sandbox.url}/k8s`,
    "--kubeconfig",
    "/dev/null",
    "-n",
    cluster.namespace,
    ...args,
  ]);
}

/** Ships what is to be rolled back: `crash` leaves the old pods standing, `good` means pods must start again. */
async function ship(world: World, tag: string, kind: "crash" | "good"): Promise<void> {
  await kubectl(
    world,
    "set",
    "image",
    "deployment/api-deployment",
    `api=${cluster.image}:${tag}${kind === "crash" ? "-crash" : ""}`,
  );
  if (kind === "good") return kubectl(world, "rollout", "status", "deployment/api-deployment");
  // The bad pod is there, the old ones stay: what an outage by a crashing release looks like.
  await kubectl(
    world,
    "wait",
    "--for=jsonpath={.status.unavailableReplicas}=1",
    "deployment/api-deployment",
    "--timeout=30s",
  );
}

/** `/crai rollback`, Confirm, until the run's wait step has ended; read from the record. */
async function byCrai(world: World, who: ReturnType<typeof person>, times: Times): Promise<void> {
  const db = openDatabase(world.databaseUrl, { connections: 1 });
  const after = String(Date.now() / 1000);
  const asked = performance.now();
  await who.command("C0API", "/crai rollback api");
  const plan = await who.waitForMessage("C0API", /Confirm/, { after });
  times.planned.push(performance.now() - asked);
  const patch = new Promise<number>((resolve) => {
    const stop = world.sandbox.cluster.onRequest((request) => {
      if (request.phase !== "received" || request.method !== "PATCH" || request.uri.includes("dryRun"))
        return;
      stop();
      resolve(performance.now());
    });
  });
  const pressed = performance.now();
  await who.press(plan, "Confirm");
  times.patched.push((await patch) - pressed);
  for (;;) {
    const step = await db
      .selectFrom("run_step")
      .selectAll()
      .where("step", "=", "wait")
      .orderBy("run", "desc")
      .executeTakeFirst();
    const undo =
      step &&
      (await db
        .selectFrom("run_step")
        .selectAll()
        .where("step", "=", "undo")
        .where("run", "=", step.run)
        .executeTakeFirstOrThrow());
    const ended =
      step &&
      (await db.selectFrom("run").select("status").where("number", "=", step.run).executeTakeFirstOrThrow());
    if (
      step?.finished_at &&
      undo &&
      ended?.status === "finished" &&
      step.finished_at.getTime() > Number(after) * 1000
    ) {
      times.rolledOut.push(step.finished_at.getTime() - undo.intended_at.getTime());
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await db.destroy();
}

/** The same by kubectl: undo, then status until it is rolled out. */
async function byKubectl(world: World): Promise<number> {
  const began = performance.now();
  await kubectl(world, "rollout", "undo", "deployment/api-deployment");
  await kubectl(world, "rollout", "status", "deployment/api-deployment");
  return performance.now() - began;
}

/** Plan, patch and roll-out times of crai and of kubectl in turns, on the same API. */
export async function rollbackTimes(world: World): Promise<Figure[]> {
  const crai = await world.crai();
  const robin = person(world.sandbox.url, "U0ROBIN");
  const figures: Figure[] = [];
  const patched: number[] = [];
  for (const kind of ["crash", "good"] as const) {
    const times: Times = { planned: [], patched: [], rolledOut: [] };
    const floor: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await ship(world, `v2.${round}.0-${kind === "crash" ? "a" : "b"}`, kind);
      floor.push(await byKubectl(world));
      await ship(world, `v3.${round}.0-${kind === "crash" ? "a" : "b"}`, kind);
      await byCrai(world, robin, times);
    }
    patched.push(...times.patched);
    const name =
      kind === "crash"
        ? "rollback where the old pods stand, apply to rolled out"
        : "rollback where pods must start, apply to rolled out";
    figures.push(
      against(median(floor), kind === "crash" ? 0.6 : 1, {
        name,
        value: median(times.rolledOut),
        unit: "ms",
      }),
    );
  }
  figures.push(
    atMost(500, { name: "confirm to PATCH sent, p95", value: percentile(patched, 0.95), unit: "ms" }),
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
  await crai.process.kill();
  return figures;
}

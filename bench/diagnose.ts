import { seedManyPods } from "../sandbox/cluster/seed/many-pods.ts";
import { cluster } from "../sandbox/seed.ts";
import { person } from "../test/support/person.ts";
import { openDatabase, type Database } from "../src/store/database.ts";
import { against, atMost, type Figure, median } from "./figures.ts";
import { residentMemory, type World } from "./world.ts";

const ROUNDS = 5;
const PODS = 50;
/** In one namespace, all listed page by page. */
const MANY_PODS = 5000;
/** ms before each answer of the API server: what a busy one takes. */
const API_DELAY = 150;

interface Times {
  /** From the first probe to the end of the findings. */
  whole: number;
  slowest: number;
}

/** What the record says of the newest run once it has ended. */
async function timesAfter(
  db: Database,
  before: number,
  waiting: () => void = () => undefined,
): Promise<Times & { run: number }> {
  for (;;) {
    waiting();
    const run = await db.selectFrom("run").selectAll().orderBy("number", "desc").executeTakeFirst();
    if (run !== undefined && run.number > before && run.status === "finished") {
      const steps = await db.selectFrom("run_step").selectAll().where("run", "=", run.number).execute();
      const probes = steps.filter(({ step }) => step !== "findings");
      if (probes.length !== 12) throw new Error(`R${run.number} has ${probes.length} probes`);
      const spent = probes.map((step) => step.finished_at!.getTime() - step.intended_at.getTime());
      const begun = Math.min(...steps.map((step) => step.intended_at.getTime()));
      const ended = Math.max(...steps.map((step) => step.finished_at!.getTime()));
      return { run: run.number, whole: ended - begun, slowest: Math.max(...spent) };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Twelve probes at once over 50 pods of the app, held against the slowest of them in the same run. */
export async function diagnoseTimes(world: World): Promise<Figure[]> {
  await world.kubectl("scale", "deployment/api-deployment", `--replicas=${PODS}`);
  await world.kubectl("rollout", "status", "deployment/api-deployment");
  const crai = await world.crai();
  const db = openDatabase(world.databaseUrl, { connections: 1 });
  const alex = person(world.sandbox.url, "U0ALEX");
  world.sandbox.cluster.faults.set({ delayMs: API_DELAY });
  const all: Times[] = [];
  let most = 0;
  let last = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await alex.command("C0API", "/crai diagnose high-error-rate api");
      const { run, ...times } = await timesAfter(db, last);
      last = run;
      all.push(times);
    }
    world.sandbox.cluster.faults.set({ delayMs: 0 });
    seedManyPods(world.sandbox.cluster.store, cluster.namespace, MANY_PODS, new Date());
    for (let round = 0; round < 3; round++) {
      await alex.command("C0API", "/crai diagnose high-error-rate api");
      const { run } = await timesAfter(
        db,
        last,
        () => (most = Math.max(most, residentMemory(crai.process.pid))),
      );
      last = run;
    }
  } finally {
    world.sandbox.cluster.faults.set({ delayMs: 0 });
    alex.leave();
    await db.destroy();
  }
  const [whole, slowest] = [median(all.map((one) => one.whole)), median(all.map((one) => one.slowest))];
  return [
    against(slowest, 1.5, {
      name: `diagnose: 12 probes over ${PODS} pods, against the slowest probe`,
      value: whole,
      unit: "ms",
    }),
    atMost(300, { name: `memory of a diagnosis among ${MANY_PODS} pods`, value: most, unit: "MB" }),
  ];
}

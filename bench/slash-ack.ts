import { slack, team } from "../sandbox/seed.ts";
import { openDatabase } from "../src/store/database.ts";
import { against, type Figure, percentile } from "./figures.ts";
import { burst, slashCommand } from "./load.ts";
import type { World } from "./world.ts";

const ROUNDS = 12;

/** Slash command to ack: bursts of 50 signed requests at once, crai and the bare app in turns. */
export async function slashToAck(world: World): Promise<Figure[]> {
  const floor = await world.floor("bare-bolt", { SLACK_SIGNING_SECRET: slack.signingSecret });
  const [, port] = await floor.waitFor(/listening on (\d+)/);
  const crai = await world.crai({ http: true });
  const db = openDatabase(world.databaseUrl, { connections: 1 });
  const command = { secret: slack.signingSecret, text: "playbooks", team: team.id };
  const targets = {
    crai: slashCommand(`${crai.url}/slack/events`, command),
    floor: slashCommand(`http://127.0.0.1:${port}/slack/events`, command),
  };
  const samples = { crai: [] as number[], floor: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const who of ["floor", "crai"] as const) {
      const times = await burst(targets[who], 50);
      // The first round warms both up.
      if (round > 0) samples[who].push(...times);
      await idle(db);
    }
  }
  await db.destroy();
  await crai.process.kill();
  await floor.kill();
  return [
    against(percentile(samples.floor, 0.99), 1.5, {
      name: "slash command to ack, 50 at once, p99",
      value: percentile(samples.crai, 0.99),
      unit: "ms",
    }),
  ];
}

/** Waits until crai has carried out what it acknowledged: each burst meets an idle machine. */
async function idle(db: ReturnType<typeof openDatabase>): Promise<void> {
  const until = performance.now() + 60_000;
  while (performance.now() < until) {
    const open = await db
      .selectFrom("inbox")
      .select("id")
      .where("done_at", "is", null)
      .limit(1)
      .executeTakeFirst();
    if (!open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("crai did not carry its commands out within a minute");
}

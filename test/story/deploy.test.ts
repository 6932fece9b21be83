import { afterAll, beforeAll, expect, test } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, storyTimeout } from "./story.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, storyTimeout);
afterAll(() => world?.close());

const after = (): string => String(Date.now() / 1000);

interface Stored {
  metadata: { managedFields?: { manager: string; operation: string }[] };
  spec: { template: { spec: { containers: { image: string }[] } } };
}

function imageOf(name: string): string | undefined {
  const found = world.sandbox.cluster.store.get("deployments", cluster.namespace, name) as Stored | undefined;
  return found?.spec.template.spec.containers[0]?.image;
}

/** Robin types it, Alex approves it. */
async function carryOut(line: string, plan: RegExp): Promise<{ plan: string; run: string }> {
  const since = after();
  await world.robin.command(teamChannel, line);
  const offered = await world.robin.waitForMessage(teamChannel, plan, { after: since, withinMs });
  await world.alex.press(offered, "Approve");
  const message = await ended(world.robin, teamChannel);
  return { plan: textOf(offered), run: textOf(message) };
}

test("a whole release goes out by one command and one yes", { timeout: storyTimeout }, async () => {
  const { plan, run } = await carryOut("/crai deploy v1.2.0", /Deploy v1\.2\.0[\s\S]*Approve/);
  expect(plan).toMatch(/v1\.1\.9 → .*v1\.2\.0/);
  expect(imageOf("api-deployment")).toBe(`${cluster.image}:v1.2.0`);
  expect(imageOf("federated-server-deployment")).toBe(`${cluster.image}:v1.2.0`);
  expect(imageOf("postgres-deployment")).toBe("postgres:15.6");
  expect(run).toMatch(/Cured|Done/);
});

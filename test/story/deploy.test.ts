import { afterAll, beforeAll, expect, test } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { storyTimeout } from "./story.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, storyTimeout);
afterAll(() => world?.close());

/** The practice organization demands a checklist; this is about the deploy. */
const anyway = '--override "practice"';

const after = (): string => String(Date.now() / 1000);

interface Stored {
  metadata: { managedFields?: { manager: string; operation: string }[] };
  spec: { template: { spec: { containers: { image: string }[] } } };
}

function imageOf(name: string): string | undefined {
  const found = world.sandbox.cluster.store.get("deployments", cluster.namespace, name) as Stored | undefined;
  return found?.spec.template.spec.containers[0]?.image;
}

/** The message of a run that was started since, once it has ended. */
function endedAfter(since: string) {
  const ends = /^R\d+ (Cured|Carried out|Stuck|Done|Failed|Not carried out|Outcome unknown)/;
  return world.robin.waitForMessage(teamChannel, ends, { after: since, withinMs: 100_000 });
}

/** Robin types it, Alex approves it. */
async function carryOut(line: string, plan: RegExp): Promise<{ plan: string; run: string }> {
  const since = after();
  await world.robin.command(teamChannel, line);
  const offered = await world.robin.waitForMessage(teamChannel, plan, { after: since, withinMs });
  await world.alex.press(offered, "Approve");
  const message = await endedAfter(since);
  return { plan: textOf(offered), run: textOf(message) };
}

test("a whole release goes out by one command and one yes", { timeout: storyTimeout }, async () => {
  const { plan, run } = await carryOut(`/crai deploy v1.2.0 ${anyway}`, /Deploy v1\.2\.0[\s\S]*Approve/);
  expect(plan).toMatch(/v1\.1\.9 → .*v1\.2\.0/);
  expect(imageOf("api-deployment")).toBe(`${cluster.image}:v1.2.0`);
  expect(imageOf("federated-server-deployment")).toBe(`${cluster.image}:v1.2.0`);
  expect(imageOf("postgres-deployment")).toBe("postgres:15.6");
  expect(run).toMatch(/Cured|Done/);
});

test(
  "an image that cannot be pulled stops the deploy, and its undo is offered",
  { timeout: storyTimeout },
  async () => {
    const { run } = await carryOut(
      `/crai deploy v1.3.0-nopull --only api,federated ${anyway}`,
      /v1\.3\.0-nopull[\s\S]*Approve/,
    );
    expect(run).toMatch(/New pods do not get ready: .*(ErrImagePull|ImagePullBackOff)/);
    expect(run).toContain("· Apply federated-server-deployment.yaml");
    expect(imageOf("federated-server-deployment")).toBe(`${cluster.image}:v1.2.0`);

    const undo = await world.robin.waitForMessage(teamChannel, /^Undo R\d+: Take back api-deployment\.yaml/, {
      withinMs,
    });
    const since = after();
    await world.alex.press(undo, "Approve");
    const undone = textOf(await endedAfter(since));
    expect(undone).toMatch(/✓ Deployment api-deployment applied/);
    expect(imageOf("api-deployment")).toBe(`${cluster.image}:v1.2.0`);
  },
);

test(
  "the previous ingress manifest is in force again by one command",
  { timeout: storyTimeout },
  async () => {
    const { run } = await carryOut("/crai rollback-ingress", /Apply ingress-previous\.yaml/);
    expect(run).toMatch(/^R\d+ Cured/);
    expect(run).toContain("api-service has 3 ready back-ends");
  },
);

import { expect, test, vi } from "vitest";
import type { RequestHook } from "../../sandbox/cluster/request-hooks.ts";
import { people } from "../../sandbox/seed.ts";
import { breakLock } from "../../src/store/locks.ts";
import { runByNumber } from "../../src/store/runs.ts";
import type { Row } from "../../src/store/tables.ts";
import { readStream } from "../../src/store/timeline.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alex, type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

const target = "practice/credit-risk-ai/deployment/api-deployment";

/** A rollback that Robin, on call, has confirmed and nobody has carried out yet. */
async function confirmed({ uses }: Engine): Promise<number> {
  const plan = await uses.planner.make({
    playbook: "rollback",
    app: "api",
    environment: null,
    inputs: { app: "api", env: null, to: null },
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: "slash:1",
  });
  const decision = await uses.approvals.approve({
    plan: plan.number,
    actor: robin,
    reason: null,
    breakGlass: false,
    cause: "press:1",
    channel: null,
  });
  if (decision.result !== "started") throw new Error(`It was ${decision.result}`);
  return decision.run.number;
}

/** As the workflow does; after a crash it begins with the step that was not finished. */
async function carryOut({ runs }: Engine, run: number): Promise<void> {
  await runs.begin(run);
  await runs.carryOut(run);
  await runs.finish(run);
}

function isWrite({ verb, uri, target: object }: RequestHook): boolean {
  return verb === "patch" && object?.plural === "deployments" && !uri.includes("dryRun");
}

/** How the API server answered the writes so far, in the order they arrived. */
function writes({ cluster }: EngineWorld): number[] {
  return cluster.audit
    .filter(({ verb, requestURI }) => verb === "patch" && !requestURI.includes("dryRun"))
    .map(({ responseStatus }) => responseStatus.code);
}

/** The first write waits somewhere between crai and the API server until it is let through. */
function holdFirstWrite({ cluster }: EngineWorld) {
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const off = cluster.cluster.onRequest(async (request) => {
    if (request.phase !== "received" || !isWrite(request)) return;
    off();
    held.resolve();
    await release.promise;
  });
  return { held: held.promise, release: release.resolve };
}

async function endOf({ db }: EngineWorld, run: number): Promise<Row<"run">> {
  return (await runByNumber(db, run))!;
}

test("a write of a killed crai that arrives late changes nothing any more: one successful patch", async () => {
  const world = await startEngineWorld();
  const killed = await world.process();
  const run = await confirmed(killed);
  const write = holdFirstWrite(world);
  const dying = carryOut(killed, run);
  await write.held;
  // The process is dead as far as anybody knows; the next one looks, and finds nothing written.
  await carryOut(await world.process(), run);
  expect(writes(world)).toEqual([200]);
  write.release();
  await dying;
  await vi.waitFor(() => expect(writes(world)).toHaveLength(2));
  expect(writes(world).filter((code) => code === 200)).toHaveLength(1);
  expect(await endOf(world, run)).toMatchObject({ outcome: "succeeded" });
});

test("a late write that lands between the look and the act of the restarted crai is found, not repeated", async () => {
  const world = await startEngineWorld();
  const killed = await world.process();
  const run = await confirmed(killed);
  const write = holdFirstWrite(world);
  const dying = carryOut(killed, run);
  await write.held;
  const second = holdFirstWrite(world);
  const restarted = carryOut(await world.process(), run);
  await second.held;
  write.release();
  await vi.waitFor(() => expect(writes(world)).toEqual([200]));
  second.release();
  await Promise.all([dying, restarted]);
  expect(writes(world).filter((code) => code === 200)).toHaveLength(1);
  expect(await endOf(world, run)).toMatchObject({ outcome: "succeeded" });
});

test("a run that is stopped while its write may still be on the way does not claim that nothing was changed", async () => {
  const world = await startEngineWorld();
  const killed = await world.process();
  const run = await confirmed(killed);
  const write = holdFirstWrite(world);
  const dying = carryOut(killed, run);
  await write.held;
  const restarted = await world.process();
  await restarted.uses.runs.stop(run, robin, null);
  await carryOut(restarted, run);
  const end = await endOf(world, run);
  expect(end.outcome).toBe("unknown");
  expect(end.detail).toMatch(/may still arrive/);
  expect(end.detail).not.toMatch(/nothing was changed/i);
  write.release();
  await dying;
});

test("a run that is stopped before it wrote anything says that nothing was changed", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const run = await confirmed(crai);
  await crai.uses.runs.stop(run, robin, null);
  await carryOut(crai, run);
  expect(await endOf(world, run)).toMatchObject({
    outcome: "stopped",
    detail: expect.stringMatching(/Nothing was changed\.$/) as string,
  });
  expect(writes(world)).toEqual([]);
  await expect(
    crai.uses.planner.makeUndo({
      run,
      actor: robin,
      incident: null,
      reason: null,
      channel: null,
      key: "undo",
    }),
  ).rejects.toThrow("nothing to undo");
});

test("a workload that somebody else changed while crai was dead ends unknown, never as if crai had not touched it", async () => {
  const world = await startEngineWorld();
  const killed = await world.process({ timeoutMs: 300 });
  const run = await confirmed(killed);
  // The patch is carried out, crai never hears of it, and then somebody deploys.
  const off = world.cluster.cluster.onRequest((request) => {
    if (request.phase !== "answered" || !isWrite(request)) return undefined;
    off();
    const { store } = world.cluster;
    const deployment = store.get("deployments", "credit-risk-ai", "api-deployment")!;
    const template = (
      deployment as unknown as { spec: { template: { spec: { containers: { image: string }[] } } } }
    ).spec.template;
    template.spec.containers[0]!.image = "sustainable-credit-risk-ai:v1.3.0";
    store.update("deployments", deployment, { manager: "ci", now: new Date() });
    return "cut";
  });
  await carryOut(killed, run);
  expect(await endOf(world, run)).toMatchObject({ outcome: "unknown", verdict: "effect-unknown" });
});

test("a yes that nobody carried out for longer than a plan may wait is not carried out any more", async () => {
  const world = await startEngineWorld();
  const run = await confirmed(await world.process());
  const tomorrow = new Date(Date.now() + 24 * 3_600_000);
  await carryOut(await world.process({ now: () => tomorrow }), run);
  expect(await endOf(world, run)).toMatchObject({ outcome: "refused", verdict: null });
  expect(writes(world)).toEqual([]);
  expect(await world.db.selectFrom("lock").selectAll().execute()).toEqual([]);
});

test("a run whose lock was taken over before it acted does not act", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const run = await confirmed(crai);
  await breakLock(world.db, target, run);
  await carryOut(crai, run);
  expect(await endOf(world, run)).toMatchObject({ outcome: "stopped" });
  expect(writes(world)).toEqual([]);
});

test("carrying a finished run out again changes nothing and records nothing twice", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const run = await confirmed(crai);
  await carryOut(crai, run);
  const before = await readStream(world.db, "plan:1");
  await carryOut(await world.process(), run);
  expect(await readStream(world.db, "plan:1")).toEqual(before);
  expect(writes(world)).toEqual([200]);
});

test("an API server that answers nothing ends the run as not carried out, or unknown where a write was sent", async () => {
  const world = await startEngineWorld();
  const crai = await world.process({ timeoutMs: 300 });
  const run = await confirmed(crai);
  world.cluster.cluster.faults.set({ down: true });
  let at = Date.now();
  // A clock that runs ten seconds a look: the step has a minute.
  const hurried = await world.process({ timeoutMs: 300, now: () => new Date((at += 10_000)) });
  await carryOut(hurried, run);
  expect(await endOf(world, run)).toMatchObject({ outcome: "refused", verdict: null });
  expect(writes(world)).toEqual([]);
});

test("two asks to stop are one, and asking again after a crash is no refusal", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const run = await confirmed(crai);
  await crai.uses.runs.stop(run, robin, "wrong one");
  await crai.uses.runs.stop(run, alex, null);
  await carryOut(crai, run);
  const again = await (await world.process()).uses.runs.stop(run, robin, "wrong one");
  expect(again.status).toBe("finished");
  const asked = (await readStream(world.db, "plan:1")).filter(({ fact }) => fact.kind === "run.stop-asked");
  expect(asked).toHaveLength(1);
  expect(people.robin.slack).toBe(again.stop_asked_by?.kind === "person" ? again.stop_asked_by.id : null);
});

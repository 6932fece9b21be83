import { writeFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { planByNumber } from "../../src/store/plans.ts";
import { listRuns, runByNumber, stepsOf } from "../../src/store/runs.ts";
import { readStream } from "../../src/store/timeline.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { Preflight } from "../../src/domain/preflight.ts";
import { cluster } from "../../sandbox/seed.ts";
import { alex, type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

/** ms; two cores carry everything. */
const withinMs = 20_000;

/** `redis` of crai.yaml's preflight is looked at by most of these: it can be taken away, and put back. */
const look = "{ action: ready-check, with: { of: [redis] } }";

function playbook(steps: string, { head = "", name = "steps" } = {}): string {
  return `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: ${name}
  version: 1
  title: Steps of \${{ app }}
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs:
  app: { type: app, required: true, description: The app }
permission: workload:read
permissions: [run:answer, rollout:restart]
risk: reversible
${head}
steps:
${steps}
`;
}

async function start(playbooks: Record<string, string>) {
  const world = await startEngineWorld({ playbooks });
  const { preflight } = world.config;
  world.config.preflight = Preflight.parse({
    workloads: { redis: { namespace: cluster.namespace, workload: "deployment/redis-deployment" } },
    attest: preflight?.attest ?? {},
  });
  return { world, crai: await world.process() };
}

let typed = 0;

function plan({ uses }: Engine, name = "steps") {
  return uses.planner.make({
    playbook: name,
    app: "api",
    environment: "prod",
    inputs: {},
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: `slash:${++typed}`,
  });
}

async function yes({ uses }: Engine, number: number, by = robin): Promise<number> {
  const decision = await uses.approvals.approve({
    plan: number,
    actor: by,
    reason: null,
    breakGlass: false,
    cause: `press:${number}`,
    channel: null,
  });
  if (decision.result !== "started") throw new Error(`It was ${decision.result}`);
  return decision.run.number;
}

async function begin(crai: Engine, name = "steps"): Promise<number> {
  return yes(crai, (await plan(crai, name)).number);
}

async function carryOut({ runs }: Engine, run: number): Promise<void> {
  await runs.begin(run);
  await runs.carryOut(run);
  await runs.finish(run);
}

async function outcomes({ db }: EngineWorld, run: number): Promise<string[]> {
  const steps = (await stepsOf(db, run)).map(({ step, outcome }) => `${step} ${outcome}`);
  return [...steps, `run ${(await runByNumber(db, run))!.outcome}`];
}

function scaleRedis({ cluster: { store } }: EngineWorld, replicas: number): void {
  const found = store.get("deployments", cluster.namespace, "redis-deployment")!;
  const { resourceVersion: _, ...metadata } = found.metadata;
  const spec = { ...(found["spec"] as object), replicas };
  store.update("deployments", { ...found, metadata, spec }, { manager: "kubectl", now: new Date() });
}

test("a playbook in shadow is planned and recorded, and nobody can have it act", async () => {
  const { world, crai } = await start({
    steps: playbook("  - { id: restart, action: rollout-restart }", { head: "mode: shadow" }),
  });
  const { number } = await plan(crai);
  const stored = (await planByNumber(world.db, number))!;
  expect(stored.plan.steps.map(({ title }) => title)).toEqual([expect.stringContaining("api-deployment")]);
  const facts = (await readStream(world.db, `plan:${number}`)).map(({ fact }) => fact.kind);
  expect(facts).toContain("plan.made");
  for (const person of [robin, alex])
    await expect(yes(crai, number, person)).rejects.toMatchObject({
      why: expect.stringContaining("in shadow: it proposes and records, and never acts"),
    });
  expect(await listRuns(world.db, { audience: "everything", limit: 10 })).toEqual([]);
});

test("what an alert would start by itself stays a proposal while its playbook is in shadow", async () => {
  const { crai } = await start({
    steps: playbook(`  - { id: look, ${look.slice(2)}`, {
      head: "on_alert: { mode: auto }\nmode: shadow",
    }),
  });
  const stored = await plan(crai);
  const shadow = crai.uses.playbooks().get("steps")!;
  await expect(crai.startAlone(stored, shadow)).rejects.toMatchObject({
    why: expect.stringContaining("in shadow"),
  });
});

test("a run holds its workload against others; `lock: none` holds nothing", async () => {
  const restart =
    "  - { id: restart, action: rollout-restart }\n  - { id: go, ask: { question: On?, options: [a, b] } }";
  const { crai } = await start({
    steps: playbook(restart),
    free: playbook(restart, { head: "lock: none", name: "free" }),
  });
  const holder = await begin(crai);
  await expect(begin(crai)).rejects.toThrow(`api-deployment is locked by R${holder}`);
  const free = await begin(crai, "free");
  expect(free).toBeGreaterThan(holder);
});

test("a change to several apps of an environment holds each of them", async () => {
  const files = "[api-deployment.yaml, redis-deployment.yaml]";
  const several = playbook(`  - { id: apply, action: manifest-apply, with: { files: ${files} } }`, {
    name: "several",
  })
    .replace(/ {2}app: .*/, "  env: { type: environment, description: The environment }")
    .replace("rollout:restart]", "manifest:apply]");
  const { world, crai } = await start({
    several: several.replace("of ${{ app }}", ""),
    steps: playbook("  - { id: restart, action: rollout-restart }"),
  });
  const run = await yes(crai, (await plan(crai, "several")).number, alex);
  const locks = await world.db.selectFrom("lock").selectAll().where("run", "=", run).execute();
  expect(
    locks.map(({ target }) => target.split("/").at(-1) ?? "").toSorted((a, b) => a.localeCompare(b)),
  ).toEqual(["api-deployment", "redis-deployment"]);
  await expect(begin(crai)).rejects.toThrow(`api-deployment is locked by R${run}`);
});

test("a failed look is tried again as often as the playbook says, and the run says which try it is", async () => {
  const { world, crai } = await start({
    steps: playbook(`  - { id: look, ${look.slice(2, -2)}, retry: { times: 10, every: 300ms } }`),
  });
  scaleRedis(world, 0);
  const run = await begin(crai);
  const running = carryOut(crai, run);
  await vi.waitUntil(async () => (await stepsOf(world.db, run))[0]?.attempt === 2, { timeout: withinMs });
  scaleRedis(world, 1);
  await running;
  expect(await outcomes(world, run)).toEqual(["look succeeded", "run succeeded"]);
});

test("after its last try it has failed, and what comes after it is not begun", async () => {
  const { world, crai } = await start({
    steps: playbook(
      `  - { id: look, ${look.slice(2, -2)}, retry: { times: 1, every: 100ms } }\n  - { id: then, ${look.slice(2)}`,
    ),
  });
  scaleRedis(world, 0);
  const run = await begin(crai);
  await carryOut(crai, run);
  expect((await stepsOf(world.db, run)).map(({ step, attempt }) => [step, attempt])).toEqual([["look", 2]]);
  expect(await outcomes(world, run)).toEqual(["look failed", "run failed"]);
});

test("with continue_on_failure the run goes on, and later steps see how it ended", async () => {
  const { world, crai } = await start({
    steps: playbook(`
  - { id: look, ${look.slice(2, -2)}, continue_on_failure: true }
  - { id: sorry, when: steps.look.outcome == "failed", action: rollout-wait }
  - { id: fine, when: steps.look.outcome == "succeeded", action: rollout-wait }`),
  });
  scaleRedis(world, 0);
  const run = await begin(crai);
  await carryOut(crai, run);
  expect(await outcomes(world, run)).toEqual([
    "look failed",
    "sorry succeeded",
    "fine skipped",
    "run succeeded",
  ]);
});

const waiting = (timeout: string): string =>
  playbook(`
  - id: calm
    wait_until: { facts: { redis: ${look} }, until: facts.redis.state == "done" && app == "api", every: 200ms }
    timeout: ${timeout}`);

test("wait_until looks again until it is so", async () => {
  const { world, crai } = await start({ steps: waiting("1m") });
  scaleRedis(world, 0);
  const run = await begin(crai);
  const running = carryOut(crai, run);
  await vi.waitUntil(async () => (await stepsOf(world.db, run))[0]?.phase === "intended", {
    timeout: withinMs,
  });
  scaleRedis(world, 1);
  await running;
  const [row] = await stepsOf(world.db, run);
  expect(row).toMatchObject({ outcome: "succeeded", evidence: [{ what: "redis is ready", ok: true }] });
});

test("wait_until ends at its timeout, saying what it saw last", async () => {
  const { world, crai } = await start({ steps: waiting("1s") });
  scaleRedis(world, 0);
  const run = await begin(crai);
  await carryOut(crai, run);
  const [row] = await stepsOf(world.db, run);
  expect(row).toMatchObject({ outcome: "failed", detail: "Not there after 1s: redis is scaled to zero" });
});

const list = playbook(`
  - id: before
    checklist:
      items:
        - { text: Redis is ready, check: ${look} }
        - { text: Somebody watches, attest: watcher }`);

/** Runs the checklist until crai has said what it finds. */
async function looking({
  attest = {},
  replicas = 0,
}: { attest?: Record<string, string>; replicas?: number } = {}) {
  const { world, crai } = await start({ steps: list });
  world.config.preflight!.attest = attest;
  scaleRedis(world, replicas);
  const run = await begin(crai);
  const running = carryOut(crai, run);
  await vi.waitUntil(async () => (await stepsOf(world.db, run))[0]?.found != null, { timeout: withinMs });
  const tick = (item: string, more: { text?: string; note?: string; actor?: typeof robin } = {}) =>
    crai.runs.answer({ run, step: "before", item, text: "so", note: null, actor: robin, ...more });
  async function ended() {
    await running;
    return (await stepsOf(world.db, run))[0]!;
  }
  return { world, tick, ended };
}

test("a tick against what a check finds needs a reason, and then both are said", async () => {
  const { tick, ended } = await looking();
  await expect(tick("1")).rejects.toMatchObject({
    message: "crai finds that it is not so: Redis is ready.",
    why: "redis is scaled to zero",
    next: expect.stringContaining('--note "…"'),
  });
  await tick("1", { note: "not needed tonight" });
  await tick("2");
  const row = await ended();
  expect(row.outcome).toBe("succeeded");
  expect(row.evidence.map(({ what, ok }) => [what.replace(/ at .* UTC/, ""), ok])).toEqual([
    ["Redis is ready: yes, Robin (not needed tonight); but crai finds: redis is scaled to zero", null],
    ["Somebody watches: yes, Robin", true],
  ]);
  expect(row.found).toMatchObject({ items: [{ is: "overridden" }, { is: "so" }] });
});

test("a person's no stands against what crai has found to be so and ticked", async () => {
  const { tick, ended } = await looking({ replicas: 1 });
  await tick("1", { text: "failed", note: "it loses keys" });
  await tick("2");
  const row = await ended();
  expect(row.outcome).toBe("failed");
  expect(row.evidence[0]?.what).toMatch(
    /^Redis is ready: no, Robin at .* \(it loses keys\); but crai finds: redis is ready/,
  );
});

test("what named people attest is ticked by them alone", async () => {
  const { tick, ended } = await looking({ attest: { watcher: "lead" } });
  await expect(tick("2")).rejects.toThrow("Only lead may answer this.");
  await tick("2", { actor: alex });
  const row = await ended();
  expect(row.outcome).toBe("failed");
  expect(row.evidence.map(({ what, ok }) => [what.replace(/ at .* UTC/, ""), ok])).toEqual([
    ["Redis is ready: redis is scaled to zero", false],
    ["Somebody watches: yes, Alex", true],
  ]);
});

test("a run goes on with the playbook it began with, whatever the file says since", async () => {
  const ask = (id: string) => `  - { id: ${id}, ask: { question: On?, options: [a, b] } }`;
  const { world, crai } = await start({ steps: playbook(`${ask("one")}\n${ask("two")}`) });
  const run = await begin(crai);
  const file = crai.uses.playbooks().get("steps")!.file;
  const running = carryOut(crai, run);
  const open = (step: string) =>
    vi.waitUntil(
      async () => (await stepsOf(world.db, run)).some((row) => row.step === step && row.phase === "intended"),
      { timeout: withinMs },
    );
  await open("one");
  writeFileSync(file, playbook(ask("other")).replace("version: 1", "version: 2"));
  crai.reloadPlaybooks();
  expect(crai.uses.playbooks().get("steps")!.metadata.version).toBe(2);
  for (const step of ["one", "two"]) {
    await open(step);
    await crai.runs.answer({ run, step, item: null, text: "a", note: null, actor: robin });
  }
  await running;
  expect(await outcomes(world, run)).toEqual(["one succeeded", "two succeeded", "run succeeded"]);
  const { plan: pinned } = (await planByNumber(world.db, (await runByNumber(world.db, run))!.plan))!;
  expect(pinned.playbook.version).toBe(1);
  expect((await plan(crai)).plan.steps.map(({ id }) => id)).toEqual(["other"]);
});

test("a yes to a plan whose playbook has changed since is not taken for the new one", async () => {
  const restart = "  - { id: restart, action: rollout-restart }";
  const { crai } = await start({ steps: playbook(restart) });
  const { number } = await plan(crai);
  const { file } = crai.uses.playbooks().get("steps")!;
  writeFileSync(file, playbook(`${restart}\n  - { id: wait, action: rollout-wait }`));
  crai.reloadPlaybooks();
  await expect(yes(crai, number)).rejects.toThrow("It was replanned");
});

test("a bad file never replaces the playbooks in force", async () => {
  const { crai } = await start({ steps: playbook("  - { id: restart, action: rollout-restart }") });
  const { file } = crai.uses.playbooks().get("steps")!;
  writeFileSync(file, playbook("  - { id: restart, action: rollout-dance }"));
  expect(() => crai.reloadPlaybooks()).toThrow("Playbooks cannot be loaded");
  expect((await plan(crai)).plan.steps.map(({ action }) => action)).toEqual(["rollout-restart"]);
});

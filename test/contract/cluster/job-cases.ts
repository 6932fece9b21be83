import { expect, it } from "vitest";
import type { z } from "zod";
import { JobSettings } from "../../../src/domain/job.ts";
import type { Json, JsonObject } from "../../../src/engine/ports.ts";
import { inHandOf, type Circumstances, outcome, plan, refusal, type Step, texts } from "./steps.ts";
import { good, make, target, until } from "./workloads.ts";
import { alex, namespace, type World, type WorldOf } from "./world.ts";

const smallest = { cpu: "10m", memory: "16Mi" };

let runs = 0;

/** A step of a run that runs the one Job of crai.yaml, `tests`. */
async function jobStep(
  world: World,
  job: z.input<typeof JobSettings>,
  { params = {}, ...more }: Circumstances & { params?: Record<string, Json> } = {},
): Promise<Step & { run: number; act(): Promise<void> }> {
  const app = target(`jobs-${++runs}`);
  await make(world, app, good);
  let acted = false;
  const run = runs;
  const inHand = inHandOf({ run, step: "tests", acted: () => acted });
  const settings = {
    access: { roles: {}, rules: [], identities: {} },
    apps: {},
    jobs: { tests: JobSettings.parse({ limits: smallest, ...job }) },
    domains: [],
    clusters: {},
    dashboards: {},
  };
  const step = await plan(world, app, ["job-run", { job: "tests", ...params }], {
    ...more,
    settings,
    inHand,
  });
  return {
    ...step,
    run,
    async act() {
      await step.apply();
      acted = true;
    },
  };
}

async function made(world: World, run: number): Promise<JsonObject[]> {
  const jobs = { group: "batch", resource: "jobs", namespace };
  return Array.fromAsync(world.look.objects.list(jobs, { labelSelector: `crai.dev/run=${run}` }));
}

function halt({ action, planned, context }: Step): Promise<void> | undefined {
  return action.halt?.(planned.state, context);
}

/** Jobs that crai makes: once, watched to their end, given up early when they cannot start. */
export function jobCases(world: WorldOf): void {
  it("a Job gets its arguments as they are, and the one that was made is found when the answer never came", async () => {
    const step = await jobStep(
      world(),
      { image: "smoke:${{ values.tag }}", args: ["--url", "${{ values.tag }} $(id); ${{ app }}"] },
      { params: { values: { tag: "v1" } } },
    );
    expect(step.planned.warnings).toEqual([]);
    expect(await step.observe()).toMatchObject({ state: "pending" });
    await step.apply();
    // A crash before that was noted: it looks again, and would act again.
    expect(await step.observe()).toMatchObject({ state: "done" });
    await step.act();
    const jobs = await made(world(), step.run);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({
      metadata: { name: expect.stringMatching(/^crai-r\d+-tests-[0-9a-f]{8}$/) },
      spec: {
        backoffLimit: 0,
        template: { spec: { containers: [{ image: "smoke:v1", args: ["--url", "v1 $(id); app"] }] } },
      },
    });
    expect(await outcome(step)).toMatchObject({
      state: "done",
      evidence: [{ what: expect.stringMatching(/^tests ended with exit code 0/), ok: true }],
      values: { exitCode: 0 },
    });
  });

  it("a Job that fails says its exit code, and stays to be looked at", async () => {
    const step = await jobStep(world(), { image: "smoke-fail:v1" });
    await step.act();
    expect(await outcome(step)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(/^tests ended with exit code 1/),
      values: { exitCode: 1 },
    });
    await until(async () => JSON.stringify(await made(world(), step.run)).includes('"Failed"'));
    await halt(step);
    expect(await made(world(), step.run)).toHaveLength(1);
  });

  it("a Job whose image cannot be pulled is given up early, named with what to do, and does not start later", async () => {
    const step = await jobStep(world(), { image: "smoke:nopull" }, { params: { stuckAfter: "1s" } });
    await step.act();
    const began = new Date();
    const late = { ...step, observe: () => step.action.observe(step.planned.state, step.context, began) };
    expect(await outcome(late)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(
        /^tests never started: its image smoke:nopull cannot be pulled.*Check the image's name and tag/,
      ),
    });
    await halt(step);
    await until(async () => (await made(world(), step.run)).length === 0);
    await halt(step);
    expect(await step.observe()).toMatchObject({ state: "diverged", detail: /is gone/ });
  });

  it("a quota without room blocks the plan, and where it fills up later the Job is given up with the quota's words", async () => {
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    const early = await jobStep(
      world(),
      { image: "smoke:v1" },
      { params: { stuckAfter: "1s" }, actor: alex },
    );
    expect(texts(early, "block")).toEqual([]);
    await world().admin.create(quotas, {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "full" },
      spec: { hard: { "requests.cpu": "1m" } },
    });
    try {
      await until(async () => JSON.stringify(await world().admin.get(`${quotas}/full`)).includes('"used"'));
      const late = await jobStep(world(), { image: "smoke:v1" }, { actor: alex });
      expect(texts(late, "block").join()).toMatch(
        /The quota full in .* leaves no room for the Job tests: requests.cpu: .* of 1m are used, it takes 10m/,
      );
      await early.act();
      const began = new Date();
      const watched = {
        ...early,
        observe: () => early.action.observe(early.planned.state, early.context, began),
      };
      expect(await outcome(watched)).toMatchObject({
        state: "failed",
        detail: expect.stringMatching(
          /^tests never started: the cluster makes no pod for it \(.*exceeded quota: full/,
        ),
      });
      await halt(early);
    } finally {
      await world().admin.delete(`${quotas}/full`);
    }
  });

  it("a Job that has not ended by its deadline is stopped by the cluster, and that is said", async () => {
    const step = await jobStep(
      world(),
      { image: "smoke:nopull", deadline: "1s", startWithin: "5m" },
      { params: { stuckAfter: "5m" } },
    );
    await step.act();
    expect(await outcome(step)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(/^tests had not ended after 1s, its deadline, and Kubernetes stopped it/),
    });
  });

  it("a Secret that is not there blocks the plan", async () => {
    const step = await jobStep(world(), { image: "smoke:v1", secret: "not-there" }, { actor: alex });
    expect(texts(step, "block").join()).toMatch(/The Job tests needs the Secret not-there, which is not in/);
  });

  it("an image that a value would turn into something else is refused before anything is asked", async () => {
    const bad = jobStep(
      world(),
      { image: "smoke:${{ values.tag }}" },
      { params: { values: { tag: "v1 --privileged" } } },
    );
    expect(await refusal(bad)).toMatch(/"smoke:v1 --privileged" is no image for the Job tests/);
  });
}

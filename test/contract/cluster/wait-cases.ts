import { expect, it } from "vitest";
import { outcome, plan, texts, undo, waitAfter } from "./steps.ts";
import {
  best,
  better,
  crash,
  good,
  make,
  pathOf,
  release,
  rolledOut,
  target,
  template,
} from "./workloads.ts";
import type { WorldOf } from "./world.ts";

/** Waiting for a rollout: done, failed, stuck, or about something else by now. */
export function waitCases(world: WorldOf): void {
  it("case 25: right after the change, a status that is still the old one is not taken for done", async () => {
    const app = target("stale");
    await make(world(), app, good, { spec: { replicas: 1 } });
    await release(world(), app, { image: better });
    await rolledOut(world(), app);
    const step = await undo(world(), app);
    const wait = await waitAfter(world(), step);
    await step.apply();
    const stored = await step.context.cluster.workload(app);
    const status = { ...(stored.raw["status"] as object), observedGeneration: stored.generation - 1 };

    const stale = await step.context.cluster.rolloutStatus({ ...stored, raw: { ...stored.raw, status } });
    expect(stale).toMatchObject({
      state: "progressing",
      detail: expect.stringMatching("not seen the change"),
    });
    expect(await outcome(wait)).toMatchObject({
      state: "done",
      evidence: [{ what: `1 of 1 replicas run the new revision: ${good}`, ok: true }],
    });
  });

  it("case 26: the Deployment's own progress deadline ends the wait as failed", async () => {
    const app = target("deadline");
    await make(world(), app, good, { spec: { replicas: 1, progressDeadlineSeconds: 2 } });
    await rolledOut(world(), app);
    await release(world(), app, { image: crash });
    const wait = await plan(world(), app, ["rollout-wait", { stuckAfter: "5m" }]);

    expect(await outcome(wait)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(/^No progress within its deadline/),
      evidence: expect.arrayContaining([
        { what: expect.stringMatching(/deadline-.*CrashLoopBackOff/), ok: false },
      ]),
    });
  });

  it("a crash-looping release is stuck long before its deadline, and pods of the old one are not blamed", async () => {
    const app = target("crashing");
    await make(world(), app, good, { spec: { replicas: 2 } });
    await rolledOut(world(), app);
    await release(world(), app, { image: crash });
    const wait = await plan(world(), app, ["rollout-wait", { stuckAfter: "1s" }]);
    expect(await outcome(wait)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(/New pods do not get ready: crashing-.*CrashLoopBackOff/),
    });

    const step = await undo(world(), app);
    const recovered = await waitAfter(world(), step, { stuckAfter: "1s" });
    await step.apply();
    expect(await outcome(recovered)).toMatchObject({ state: "done" });
  });

  it("case 27: a pause during the wait ends it instead of hanging", async () => {
    const app = target("paused-later");
    await make(world(), app, good);
    const wait = await plan(world(), app, ["rollout-wait"]);
    await world().admin.patch(pathOf(app), { spec: { paused: true } });

    expect(await outcome(wait)).toMatchObject({
      state: "diverged",
      detail: expect.stringMatching(/was paused.*resume/),
    });
  });

  it("case 28: a workload that is deleted, or made again under the same name, is another one", async () => {
    const app = target("reborn");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app);
    const wait = await waitAfter(world(), step);
    await world().admin.delete(pathOf(app));
    expect(await outcome(wait)).toEqual({ state: "diverged", detail: "reborn was deleted" });
    expect(await step.observe()).toEqual({ state: "diverged", detail: "reborn was deleted" });

    await make(world(), app, better);
    expect(await outcome(wait)).toEqual({ state: "diverged", detail: "reborn was deleted and made again" });
    await expect(step.apply()).rejects.toThrow("deleted and made again");
  });

  it("case 29: with 0 replicas it rolls out at once, and the plan says that this shows nothing", async () => {
    const app = target("nobody");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app);
    expect(texts(step, "warn")).toEqual([expect.stringMatching(/0 replicas.*nothing will show/)]);
    const wait = await waitAfter(world(), step);
    await step.apply();

    expect(await outcome(wait)).toMatchObject({ state: "done" });
  });

  it("a release by somebody else during the wait supersedes it and is never success", async () => {
    const app = target("superseded");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app);
    const wait = await waitAfter(world(), step);
    await step.apply();
    await release(world(), app, { image: best });

    expect(await outcome(wait)).toMatchObject({
      state: "diverged",
      detail: expect.stringMatching(/^Superseded: the template of superseded was changed by administrator/),
    });
  });

  it("a change wakes the wait at once, not at the next look", async () => {
    const app = target("woken");
    await make(world(), app, good);
    const cluster = world().clusters.as({ kind: "alert", source: "alertmanager" }, "world");
    await cluster.workload(app);
    const woken = cluster.changed(app, 60_000);
    await world().admin.patch(pathOf(app), { spec: { template: template(app.name, better) } });

    await expect(woken).resolves.toBeUndefined();
  });

  it("broken pods wake the wait, although the workload itself does not change", async () => {
    const app = target("pods-woken");
    await make(world(), app, good, { spec: { replicas: 1 } });
    const workload = await rolledOut(world(), app);
    const cluster = world().clusters.as({ kind: "alert", source: "alertmanager" }, "world");
    await cluster.workload(app);
    const [pod] = await cluster.pods(workload);
    const woken = cluster.changed(app, 60_000);
    await world().admin.patch(`/api/v1/namespaces/${app.namespace}/pods/${pod!.name}`, {
      metadata: { annotations: { touched: "yes" } },
    });

    await expect(woken).resolves.toBeUndefined();
  });
}

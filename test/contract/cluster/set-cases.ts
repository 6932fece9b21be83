import { expect, it } from "vitest";
import { fact, outcome, refusal, texts, undo, waitAfter } from "./steps.ts";
import {
  better,
  crash,
  good,
  make,
  numbers,
  pathOf,
  release,
  rolledOut,
  target,
  template,
  until,
} from "./workloads.ts";
import { namespace, type WorldOf } from "./world.ts";

const quick = { terminationGracePeriodSeconds: 0 };

/** StatefulSets and DaemonSets, whose revisions are ControllerRevisions. */
export function setCases(world: WorldOf): void {
  it("case 20: a StatefulSet that waits for a broken pod is stuck, and the way out is offered", async () => {
    const db = target("ordered", "statefulset");
    const made = { spec: { replicas: 1 }, template: template(db.name, good, {}, quick) };
    await make(world(), db, good, made);
    await rolledOut(world(), db);
    await release(world(), db, { image: crash });
    await until(async () => {
      const pods = await world().look.pods(await world().look.workload(db));
      return pods.some(({ reason }) => reason === "CrashLoopBackOff");
    });

    const step = await undo(world(), db);
    expect(texts(step, "warn")).toEqual([
      expect.stringMatching(/ordered-0: CrashLoopBackOff.*instead of replacing it.*delete pod ordered-0/),
    ]);
    const wait = await waitAfter(world(), step, { stuckAfter: "1s" });
    await step.apply();
    expect(await outcome(wait)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(
        `waits for ordered-0.*Delete it.*kubectl -n ${namespace} delete pod ordered-0`,
      ),
    });

    const workload = await world().look.workload(db);
    const [pod] = await world().look.pods(workload);
    await step.context.cluster.deletePod(namespace, pod!.name, pod!.uid);
    expect(await outcome(await waitAfter(world(), step, { stuckAfter: "30s" }))).toMatchObject({
      state: "done",
    });
  });

  it("case 21: partition and OnDelete, which keep pods from changing, are said before", async () => {
    const parted = target("parted", "statefulset");
    await make(world(), parted, good, {
      spec: { replicas: 2, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } },
    });
    await rolledOut(world(), parted);
    await release(world(), parted, { image: better });
    await rolledOut(world(), parted);
    const step = await undo(world(), parted);
    expect(texts(step, "warn")).toEqual([expect.stringMatching(/partition of this StatefulSet is 1/)]);

    const byHand = target("by-hand", "daemonset");
    await make(world(), byHand, good, { spec: { updateStrategy: { type: "OnDelete" } } });
    await release(world(), byHand, { image: better });
    const undone = await undo(world(), byHand);
    expect(texts(undone, "warn")).toContainEqual(
      expect.stringMatching(/update strategy of this DaemonSet is OnDelete/),
    );
    const wait = await waitAfter(world(), undone);
    await undone.apply();
    expect(await outcome(wait)).toMatchObject({ state: "failed", detail: expect.stringMatching("OnDelete") });
  });

  it.each(["statefulset", "daemonset"] as const)(
    "case 22: the revision of a %s replaces the template, and no $patch is stored",
    async (kind) => {
      const app = target(`whole-${kind}`, kind);
      const env = [{ name: "ONLY_IN_FIRST", value: "1" }];
      const first = await make(world(), app, good, { template: template(app.name, good, { env }) });
      await world().admin.patch(
        pathOf(app),
        [
          { op: "remove", path: "/spec/template/spec/containers/0/env" },
          { op: "add", path: "/spec/template/metadata/annotations", value: { added: "later" } },
        ],
        "json",
      );
      await until(async () => (await numbers(world(), app)).length === 2);

      const step = await undo(world(), app);
      expect(fact(step, "Revision")).toBe("2 → 1");
      await step.apply();

      const { template: after, raw } = await world().look.workload(app);
      expect(after).toEqual(first.template);
      expect(JSON.stringify(raw)).not.toContain("$patch");
      expect(await step.observe()).toMatchObject({ state: "done" });
    },
  );

  it("one ControllerRevision only is no history", async () => {
    const app = target("single-set", "statefulset");
    await make(world(), app, good);

    expect(await refusal(undo(world(), app))).toMatch(/no rollout history/);
  });
}

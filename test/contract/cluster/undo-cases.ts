import { expect, it } from "vitest";
import { fact, known, outcome, refusal, texts, undo, waitAfter } from "./steps.ts";
import {
  best,
  better,
  good,
  make,
  numbers,
  nopull,
  observed,
  pathOf,
  release,
  target,
  template,
} from "./workloads.ts";
import { namespace, type WorldOf } from "./world.ts";

const replicaSets = `/apis/apps/v1/namespaces/${namespace}/replicasets`;

/** Which revision a rollback goes to, and what is said about it. */
export function revisionCases(world: WorldOf): void {
  it("case 1: revisions abc, -1, 0 and 999 are refused in words", async () => {
    const app = target("numbers");
    await make(world(), app, good);
    await release(world(), app, { image: better });

    expect(await refusal(undo(world(), app, "abc"))).toMatch(/"abc" is no revision.*whole number/);
    expect(await refusal(undo(world(), app, "-1"))).toMatch(/no revision -1.*counted from 1/);
    expect(await refusal(undo(world(), app, 0))).toMatch(/no revision 0.*counted from 1/);
    expect(await refusal(undo(world(), app, "999"))).toMatch(/numbers has no revision 999.*It has 1, 2\./);
    expect(await refusal(undo(world(), app, "99999999999999999999"))).toMatch(/is no revision/);
  });

  it("case 2: a Deployment with one ReplicaSet only has no history to go back to", async () => {
    const app = target("single");
    await make(world(), app, good);

    expect(await refusal(undo(world(), app))).toMatch(/no rollout history.*Revision 1 is the only one/);
  });

  it("case 3: revisionHistoryLimit 0 keeps nothing to go back to", async () => {
    const app = target("no-history");
    await make(world(), app, good, { spec: { revisionHistoryLimit: 0 } });
    await release(world(), app, { image: better });
    await expect.poll(() => numbers(world(), app), { timeout: 10_000 }).toEqual([2]);

    expect(await refusal(undo(world(), app))).toMatch(/no rollout history/);
  });

  it("case 4: revision N absorbed by an earlier undo is resolved and explained", async () => {
    const app = target("absorbed");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    await release(world(), app, { image: good });
    await release(world(), app, { image: best });
    expect(await numbers(world(), app)).toEqual([2, 3, 4]);

    const step = await undo(world(), app, "1");

    expect(fact(step, "Revision")).toBe("4 → 3 (revision 1 became 3 when it was rolled back to)");
    expect(step.planned.kubectl).toEqual([
      `kubectl -n ${namespace} rollout undo deployment/absorbed --to-revision=3`,
    ]);
  });

  it("case 5: a ReplicaSet with the same labels and another owner is nobody's revision", async () => {
    const app = target("same-labels");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const stranger = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: "other",
      uid: "1-2-3",
      controller: true,
    };
    await world().admin.create(replicaSets, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: "stranger",
        labels: { app: "same-labels" },
        annotations: { "deployment.kubernetes.io/revision": "7" },
        ownerReferences: [stranger],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "same-labels" } },
        template: template("same-labels", best),
      },
    });

    expect(await numbers(world(), app)).toEqual([1, 2]);
    expect(fact(await undo(world(), app), "Revision")).toBe("2 → 1");
  });

  it("case 6: a ReplicaSet without revision counts as 0, one whose revision is no number not at all", async () => {
    const app = target("annotations-off");
    const { uid } = await make(world(), app, good);
    await release(world(), app, { image: better });
    const owner = { apiVersion: "apps/v1", kind: "Deployment", name: app.name, uid, controller: true };
    const replicaSet = (name: string, image: string, annotations: object) => ({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name, labels: { app: app.name }, annotations, ownerReferences: [owner] },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: app.name } },
        template: template(app.name, image),
      },
    });
    await world().admin.create(replicaSets, replicaSet("bare", "app:bare", {}));
    await world().admin.create(
      replicaSets,
      replicaSet("garbled", "app:garbled", { "deployment.kubernetes.io/revision": "two" }),
    );

    expect(await numbers(world(), app)).toEqual([0, 1, 2]);
    expect(fact(await undo(world(), app), "Revision")).toBe("2 → 1");
  });

  it("case 7: of two ReplicaSets with the workload's template the older one is the current revision", async () => {
    const app = target("twins");
    const workload = await make(world(), app, good);
    const owner = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: app.name,
      uid: workload.uid,
      controller: true,
    };
    await world().admin.create(replicaSets, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: "twins-zzz",
        labels: { app: app.name },
        annotations: { "deployment.kubernetes.io/revision": "5" },
        ownerReferences: [owner],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: app.name } },
        template: template(app.name, good),
      },
    });

    const revisions = await world().look.revisions(await world().look.workload(app));
    const current = revisions.filter((revision) => revision.current);
    expect(revisions).toHaveLength(2);
    expect(current.map(({ name }) => name)).toEqual([expect.not.stringMatching("twins-zzz")]);
  });

  it("case 8: going to the template that runs already is said to be nothing, and cannot be confirmed", async () => {
    const app = target("same");
    await make(world(), app, good);
    await release(world(), app, { image: better });

    const step = await undo(world(), app, 2);

    expect(texts(step, "block")).toEqual([
      "There is nothing to do: same runs the template of revision 2 already.",
    ]);
    expect(step.planned.diff).toBeNull();
  });

  it("case 9: a second undo, which returns to what the first one left, warns", async () => {
    const app = target("toggle");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const first = await undo(world(), app);
    expect(texts(first)).not.toContainEqual(expect.stringMatching(/rolled back from/));
    await first.apply();
    await observed(world(), app);

    const second = await undo(world(), app);

    expect(fact(second, "Revision")).toBe("3 → 2");
    expect(texts(second, "warn")).toContainEqual(
      expect.stringMatching(
        /toggle was rolled back from revision 2 before: this returns to it.*there and back/,
      ),
    );
  });

  it("case 10: when the previous revision is bad as well, the last healthy one is offered", async () => {
    const app = target("bad-before");
    const one = await make(world(), app, good);
    const two = await release(world(), app, { image: better });
    await release(world(), app, { image: best });
    const health = new Map([
      known(one.template, { healthyAt: new Date("2026-11-01T10:00:00Z") }),
      known(two.template, { badAt: new Date("2026-11-20T10:00:00Z"), badWhy: "error rate 7 %" }),
    ]);

    const step = await undo(world(), app, null, { health });
    expect(fact(step, "Revision")).toBe("3 → 1");
    expect(fact(step, "Health")).toBe("revision 1 was healthy, last seen so 2026-11-01 10:00 UTC");
    expect(texts(step)).toEqual([expect.stringMatching(/0 replicas/)]);

    const insisted = await undo(world(), app, 2, { health });
    expect(texts(insisted, "warn")).toContainEqual(
      "Revision 2 is known bad: error rate 7 %. The last healthy one is revision 1: use --to 1.",
    );

    const dark = await undo(world(), app);
    expect(fact(dark, "Revision")).toBe("3 → 2");
    expect(fact(dark, "Health")).toMatch(/not recorded.*as kubectl chooses/);
  });

  it("case 18: a revision whose image cannot be pulled ends as stuck, with the kubelet's reason", async () => {
    const app = target("unpullable");
    await make(world(), app, nopull);
    await release(world(), app, { image: better });
    await world().admin.patch(pathOf(app), { spec: { replicas: 1 } });
    const step = await undo(world(), app, 1);
    const wait = await waitAfter(world(), step, { stuckAfter: "1s" });
    await step.apply();

    expect(await outcome(wait)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(
        /New pods do not get ready: unpullable-.*(ImagePullBackOff|ErrImagePull)/,
      ),
      evidence: expect.arrayContaining([{ what: expect.stringMatching(/unpullable-.*Pull/), ok: false }]),
    });
  });
}

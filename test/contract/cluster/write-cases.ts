import { expect, it } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import { isError } from "../../../src/domain/errors.ts";
import type { JsonObject } from "../../../src/engine/ports.ts";
import { fact, plan, refusal, texts, undo } from "./steps.ts";
import {
  annotate,
  best,
  better,
  good,
  lastApplied,
  make,
  observed,
  pathOf,
  release,
  target,
  template,
} from "./workloads.ts";
import { alex, namespace, robin, type WorldOf } from "./world.ts";

const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

/** What a rollback writes, and what it leaves alone. */
export function writeCases(world: WorldOf): void {
  function patches(name: string): number {
    return world()
      .audit()
      .filter(
        ({ verb, objectRef, requestURI, userAgent }) =>
          verb === "patch" &&
          objectRef?.name === name &&
          userAgent?.startsWith("crai/") === true &&
          !requestURI.includes("dryRun=All"),
      ).length;
  }

  it("case 11: a paused Deployment is refused in the plan already, dry run too", async () => {
    const app = target("paused");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    await world().admin.patch(pathOf(app), { spec: { paused: true } });

    const step = await undo(world(), app);

    expect(texts(step, "block")).toEqual([
      expect.stringMatching(/paused is paused.*kubectl -n .* rollout resume/),
    ]);
    expect(await refusal(step.apply())).toMatch(/paused was paused/);
    expect(
      world()
        .audit()
        .filter(
          (event) =>
            event.verb === "patch" &&
            event.objectRef?.name === "paused" &&
            event.userAgent?.startsWith("crai/"),
        ),
    ).toEqual([]);
  });

  it("case 12: annotations added since are dropped and named, the six kept ones stay, the change cause goes back", async () => {
    const app = target("annotated");
    const cause = "kubernetes.io/change-cause";
    await make(world(), app, good, { metadata: { annotations: { [cause]: "first" } } });
    await release(world(), app, { image: better });
    await annotate(world(), app, { [cause]: "second", note: "ours", [lastApplied]: "{}" });

    const step = await undo(world(), app);
    expect(fact(step, "Annotations dropped")).toBe("note");
    expect(fact(step, "Change cause")).toBe("second → first");
    await step.apply();

    expect((await observed(world(), app)).annotations).toEqual({
      [cause]: "first",
      [lastApplied]: "{}",
      "deployment.kubernetes.io/revision": "3",
    });
  });

  it("case 13: a Deployment without any annotation can be rolled back", async () => {
    const app = target("unannotated");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    // Its controller writes the revision back at once; the patch must not depend on who is faster.
    const step = await undo(world(), app);
    await world().admin.patch(pathOf(app), { metadata: { annotations: null } });
    await step.apply();

    expect(await step.observe()).toMatchObject({ state: "done" });
  });

  it("case 14: a change of the template in between is drift; a change of anything else is not", async () => {
    const app = target("concurrent");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app);
    await world().admin.patch(pathOf(app), {
      metadata: { labels: { touched: "yes" } },
      spec: { replicas: 1 },
    });
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });

    const again = await undo(world(), app);
    await release(world(), app, { image: best });
    const drift = await again.apply().catch((error: unknown) => error);
    expect(isError(drift, "PlanDrifted")).toBe(true);
    expect((drift as Error).message).toMatch(/template of concurrent was changed by administrator/);
    expect(await again.observe()).toMatchObject({ state: "diverged" });
    expect(patches("concurrent")).toBe(1);
  });

  it("case 15: replicas, strategy and everything else outside the template stay as they are", async () => {
    const app = target("untouched");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    await world().admin.patch(pathOf(app), {
      spec: { replicas: 2, minReadySeconds: 1, strategy: { type: "Recreate", rollingUpdate: null } },
    });
    const before = await observed(world(), app);
    const step = await undo(world(), app);
    await step.apply();

    const after = await world().look.workload(app);
    const { template: _, ...rest } = after.raw["spec"] as JsonObject;
    const { template: __, ...same } = before.raw["spec"] as JsonObject;
    expect(rest).toEqual(same);
  });

  it("case 16: what Argo CD, Flux, Helm and kubectl apply will do about it is said before", async () => {
    const app = target("managed");
    await make(world(), app, good, {
      metadata: {
        labels: { "argocd.argoproj.io/instance": "shop", "kustomize.toolkit.fluxcd.io/name": "shop" },
        annotations: {
          "meta.helm.sh/release-name": "shop",
          "kubectl.kubernetes.io/last-applied-configuration": "{}",
        },
      },
    });
    await release(world(), app, { image: better });

    const step = await undo(world(), app);
    expect(fact(step, "Managed by")).toBe("Argo CD, Flux");
    expect(texts(step, "warn")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Argo CD manages managed.*within minutes.*automatic sync/),
        expect.stringMatching(/^Flux manages managed.*next reconciliation.*Suspend/),
        expect.stringMatching(/kubectl apply.*next apply brings back/),
      ]),
    );
  });

  it("case 17: a ConfigMap the target needs and that is gone stops the plan; a Secret nobody may look at does not", async () => {
    const app = target("references");
    const env = [
      { name: "A", valueFrom: { configMapKeyRef: { name: "gone", key: "a" } } },
      { name: "B", valueFrom: { configMapKeyRef: { name: "there", key: "b" } } },
      { name: "C", valueFrom: { configMapKeyRef: { name: "optional", key: "c", optional: true } } },
      { name: "D", valueFrom: { secretKeyRef: { name: "hidden", key: "d" } } },
    ];
    await world().admin.create(configMaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "there" },
      data: {},
    });
    await make(world(), app, good, { template: template(app.name, good, { env }) });
    await world().admin.patch(
      pathOf(app),
      [{ op: "remove", path: "/spec/template/spec/containers/0/env" }],
      "json",
    );
    await observed(world(), app);

    const step = await undo(world(), app);

    expect(texts(step, "block")).toEqual([
      expect.stringMatching(/^ConfigMap gone does not exist/),
      expect.stringMatching(/^ConfigMap there has no b/),
    ]);
    expect(fact(step, "Not checked")).toBe("Secret hidden (no right to look)");
  });

  it("case 17: a Secret is looked for only by those who may, and nobody else's attempt is in the audit log", async () => {
    const app = target("secret-references");
    const secrets = `/api/v1/namespaces/${namespace}/secrets`;
    const stringData = { d: "not-for-crai" };
    await world().admin.create(secrets, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "kept" },
      stringData,
    });
    const env = ["kept", "lost"].map((name) => ({
      name: name.toUpperCase(),
      valueFrom: { secretKeyRef: { name, key: "d" } },
    }));
    await make(world(), app, good, { template: template(app.name, good, { env }) });
    await release(world(), app, { image: better });

    const responder = await undo(world(), app, null, { actor: robin });
    expect(fact(responder, "Not checked")).toBe("Secret kept, Secret lost (no right to look)");
    const lead = await undo(world(), app, null, { actor: alex });
    expect(texts(lead, "block")).toEqual([expect.stringMatching(/^Secret lost does not exist/)]);
    expect(JSON.stringify(lead.planned)).not.toContain("not-for-crai");
    const looked = world()
      .audit()
      .filter(
        ({ objectRef }) => objectRef?.resource === "secrets" && /^(kept|lost)$/.test(objectRef.name ?? ""),
      )
      .flatMap(({ verb, impersonatedUser }) => (verb === "get" ? [impersonatedUser?.username] : []));
    expect(new Set(looked)).toEqual(new Set([people.alex.kubernetes.user]));
  });

  it("case 19: fields that no typed client knows survive, and what the API server dropped is not missed", async () => {
    const app = target("unknown-fields");
    // Fields of several ages, all of them outside what a deployment usually says.
    const pod = {
      hostUsers: true,
      setHostnameAsFQDN: false,
      schedulingGates: [],
      os: { name: "linux" },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "zone",
          whenUnsatisfiable: "ScheduleAnyway",
          matchLabelKeys: ["pod-template-hash"],
          labelSelector: { matchLabels: { app: app.name } },
        },
      ],
    };
    const first = await make(world(), app, good, { template: template(app.name, good, {}, pod) });
    await release(
      world(),
      app,
      { image: better },
      { hostUsers: null, os: null, topologySpreadConstraints: null },
    );

    const step = await undo(world(), app);
    await step.apply();

    expect((await world().look.workload(app)).template).toEqual(first.template);
  });

  it("case 23: what admission denies is shown in the plan", async () => {
    const app = target("denied");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    await world().denyNextPatch(app.name);

    const step = await undo(world(), app);

    expect(texts(step, "block")).toEqual([expect.stringMatching(/denied|forbidden/i)]);
  });

  it("case 36: after a crash the step recognizes its own work and never patches twice", async () => {
    const app = target("crashed");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app);

    expect(await step.observe()).toMatchObject({ state: "pending" });
    await step.apply();
    expect(await step.observe()).toMatchObject({ state: "done" });
    await step.apply();
    expect(patches("crashed")).toBe(1);
  });

  it("the recorded inverse puts back template and annotations, and is itself an undo", async () => {
    const app = target("inverse");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const before = await annotate(world(), app, { note: "ours" });
    const step = await undo(world(), app);
    await step.apply();
    await observed(world(), app);

    const inverse = step.planned.inverse!;
    const back = await plan(world(), app, [inverse.action, inverse.with], { actor: robin });
    expect(fact(back, "Revision")).toBe("3 → what was revision 2");
    await back.apply();

    const after = await observed(world(), app);
    expect(await back.observe()).toMatchObject({ state: "done" });
    expect(after.template).toEqual(before.template);
    expect(after.annotations).toEqual({ ...before.annotations, "deployment.kubernetes.io/revision": "4" });
  });
}

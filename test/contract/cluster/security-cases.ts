import { expect, it } from "vitest";
import { people } from "../../../sandbox/seed.ts";
import { callName } from "../../../src/domain/plan.ts";
import type { Target } from "../../../src/domain/app.ts";
import { refusal, undo, waitAfter } from "./steps.ts";
import { better, good, make, release, target, template } from "./workloads.ts";
import { alex, comma, noor, robin, unlent, type WorldOf } from "./world.ts";

export function securityCases(world: WorldOf): void {
  it("every call is made as the person, with each of their groups", async () => {
    expect(await world().clusters.as(alex, "world").whoAmI()).toEqual({
      user: people.alex.kubernetes.user,
      groups: expect.arrayContaining(["sre", "sre-leads"]),
    });
  });

  it("a group with a comma in its name is one group", async () => {
    const { groups } = await world().clusters.as(comma, "world").whoAmI();

    expect(groups).toEqual(expect.arrayContaining(["a,b", "support"]));
    expect(groups).not.toContain("a");
  });

  it("the audit log has the person on the patch, and the bot only as who carried it", async () => {
    const app = target("audited");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app, null, { actor: robin });
    await step.apply();

    const patches = (): object[] =>
      world()
        .audit()
        .filter(
          ({ verb, objectRef, userAgent, requestURI }) =>
            verb === "patch" &&
            objectRef?.name === "audited" &&
            userAgent?.startsWith("crai/") &&
            !requestURI.includes("dryRun"),
        );
    await expect.poll(patches).toHaveLength(1);
    expect(patches()).toMatchObject([
      {
        user: { username: "system:serviceaccount:crai:crai" },
        impersonatedUser: {
          username: people.robin.kubernetes.user,
          groups: expect.arrayContaining(people.robin.kubernetes.groups),
        },
        userAgent: "crai/0.0.0-test",
      },
    ]);
  });

  it("whoever has no identity makes no call", async () => {
    const before = world().audit().length;
    const stranger = { kind: "person", id: "U0STRANGER", name: "Stranger" } as const;

    expect(() => world().clusters.as(stranger, "world")).toThrow(/Stranger has no Kubernetes identity/);
    expect(() => world().clusters.as({ kind: "schedule", name: "x" }, "world")).toThrow(
      /no Kubernetes identity/,
    );
    expect(() => world().clusters.as({ ...stranger, id: "constructor" }, "world")).toThrow(
      /no Kubernetes identity/,
    );
    expect(world().audit().length).toBe(before);
  });

  it("somebody crai may not stand in for is refused, and nothing is done in crai's own name", async () => {
    const text = await refusal(world().clusters.as(unlent, "world").workload(target("any")));

    expect(text).toMatch(/crai may not act as system:admin.*impersonate/);
  });

  it("a refusal names the user, the verb, the resource, the namespace and whom to ask", async () => {
    const text = await refusal(world().clusters.as(noor, "world").workload(target("any")));

    expect(text).toMatch(
      /^noor@\S+ may not get deployments\.apps any in credit-risk-ai \|.*Ask whoever keeps the RBAC of world/,
    );
  });

  it.each(["../../secrets/x", "a?dryRun=All", "a/scale", "A", "", "a..b", "-a", `a${"b".repeat(300)}`])(
    "the name %j never reaches a path",
    async (name) => {
      const before = world().audit().length;

      expect(await refusal(world().clusters.as(robin, "world").workload(target(name)))).toMatch(
        /is no Kubernetes name/,
      );
      const elsewhere: Target = { ...target("any"), namespace: name };
      expect(await refusal(world().clusters.as(robin, "world").workload(elsewhere))).toMatch(
        /is no Kubernetes name/,
      );
      expect(world().audit().length).toBe(before);
    },
  );

  it("case 35: every call of the plan is asked for as the person, subresources too", async () => {
    const app = target("asked");
    await make(world(), app, good);
    await release(world(), app, { image: better });
    const step = await undo(world(), app);
    const wait = await waitAfter(world(), step);
    const scale = { ...step.planned.calls[0]!, verb: "patch", subresource: "scale" } as const;
    const calls = [...step.planned.calls, ...wait.planned.calls, scale];

    const denied = async (person: typeof robin): Promise<string[]> => {
      const permits = await world().clusters.as(person, "world").permits(calls);
      return permits.filter((permit) => !permit.allowed).map(({ call }) => callName(call));
    };
    expect(await denied(robin)).toEqual([]);
    expect(await denied(noor)).toEqual([
      "get deployments.apps asked in credit-risk-ai",
      "patch deployments.apps asked in credit-risk-ai",
      "list replicasets.apps in credit-risk-ai",
      "patch deployments/scale.apps asked in credit-risk-ai",
    ]);
    // What a run really does is no more than what was asked for.
    const used = world()
      .audit()
      .filter(({ objectRef, userAgent }) => objectRef?.name === "asked" && userAgent?.startsWith("crai/"))
      .map(({ verb }) => verb);
    expect(new Set(used)).toEqual(new Set(["get", "patch"]));
  });

  it("no literal value leaves in a plan: not in the diff, not in a fact, not in a warning", async () => {
    const app = target("secretive");
    const env = [
      { name: "DATABASE_PASSWORD", value: "hunter2-hunter2" },
      { name: "LOG_LEVEL", value: "unmistakable-literal" },
    ];
    const command = ["serve", "--token", "s3cr3t-token-value", "--db=postgres://app:pa55word@db/x"];
    await make(world(), app, good, { template: template(app.name, good, { env, command }) });
    await release(world(), app, {
      image: better,
      env: [{ name: "DATABASE_PASSWORD", value: "correct-horse" }],
    });

    const step = await undo(world(), app);
    const { state: _, inverse: __, ...shown } = step.planned;

    expect(step.planned.diff).toMatch(/DATABASE_PASSWORD/);
    expect(step.planned.diff).toMatch(/\(hidden, changed, [0-9a-f]{8}\)/);
    expect(step.planned.diff).toMatch(/\(hidden, unchanged, [0-9a-f]{8}\)|LOG_LEVEL/);
    expect(JSON.stringify(shown)).not.toMatch(
      /hunter2|unmistakable-literal|s3cr3t-token-value|pa55word|correct-horse/,
    );
  });

  it("a proposal of an alert reads only: no dry run, no Secrets", async () => {
    const app = target("proposed");
    const env = [{ name: "D", valueFrom: { secretKeyRef: { name: "hidden", key: "d" } } }];
    await make(world(), app, good, { template: template(app.name, good, { env }) });
    await release(world(), app, { image: better });

    const step = await undo(world(), app, null, { actor: { kind: "alert", source: "alertmanager" } });

    expect(step.planned.title).toMatch(/back to revision 1/);
    expect(step.planned.warnings.filter(({ level }) => level === "block")).toEqual([]);
    const writes = world()
      .audit()
      .filter(
        ({ verb, impersonatedUser, objectRef }) =>
          impersonatedUser?.username === "crai:alert" && verb === "patch" && objectRef?.name === "proposed",
      );
    expect(writes).toEqual([]);
  });
}

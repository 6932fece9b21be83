import { expect, test } from "vitest";
import { writersStop } from "../../src/actions/writers-stop.ts";
import { ClusterRefusal } from "../../src/engine/cluster-refusal.ts";
import type { EnvironmentContext } from "../../src/engine/playbooks/action.ts";

const appsOf = { postgres: { database: { writers: ["api", "worker"] } }, api: {}, worker: {} };

/** An environment whose workloads have so many pods; scaling those of `denied` is refused. */
function environment(replicas: Record<string, number>, denied: readonly string[] = []) {
  let acted = false;
  const context = {
    environment: "prod",
    apps: Object.entries(appsOf).map(([name, more]) => ({
      app: { name, ...more },
      target: { cluster: "c", namespace: "shop", kind: "deployment", name },
    })),
    cluster: {
      workload: async ({ name }: { name: string }) => ({
        replicas: replicas[name],
        raw: { metadata: {}, status: { replicas: replicas[name] } },
      }),
      autoscalers: async () => [],
      patch: async (
        { name }: { name: string },
        { body, dryRun }: { body: { spec: { replicas: number } }; dryRun?: boolean },
      ) => {
        if (denied.includes(name))
          throw new ClusterRefusal("denied", `${name} may not be scaled.`, { why: "A freeze.", next: "" });
        if (dryRun !== true) replicas[name] = body.spec.replicas;
      },
    },
    inHand: { acted: () => acted },
  } as unknown as EnvironmentContext;
  return {
    context,
    replicas,
    act: () => {
      acted = true;
    },
  };
}

test("a stop that is refused after the first writer has acted, and says where and why it ended", async () => {
  const { context, replicas, act } = environment({ api: 3, worker: 2 }, ["worker"]);
  const { state } = await writersStop.plan({ of: "postgres" }, context);
  await writersStop.apply!(state, context);
  act();
  expect(replicas).toEqual({ api: 0, worker: 2 });
  expect(await writersStop.observe(state, context, new Date())).toMatchObject({
    state: "failed",
    detail: "worker was not stopped. worker may not be scaled. A freeze.",
  });
});

test("a stop that is refused before it wrote anything is a refusal", async () => {
  const { context } = environment({ api: 3, worker: 2 }, ["api"]);
  const { state } = await writersStop.plan({ of: "postgres" }, context);
  await expect(writersStop.apply!(state, context)).rejects.toThrow("api may not be scaled");
});

test.each([
  { was: { api: 3, worker: 0 }, is: { worker: 1 }, said: "worker is scaled to 1, and was at 0" },
  { was: { api: 3, worker: 2 }, is: { worker: 4 }, said: "worker is scaled to 4, and was at 2" },
  { was: { api: 3, worker: 2 }, is: { worker: 0 }, said: "worker is scaled to 0, and was at 2" },
])("nothing is stopped when $said in the plan", async ({ was, is, said }) => {
  const { context, replicas } = environment({ ...was });
  const { state } = await writersStop.plan({ of: "postgres" }, context);
  Object.assign(replicas, is);
  await expect(writersStop.apply!(state, context)).rejects.toThrow(said);
  expect(replicas).toEqual({ ...was, ...is });
});

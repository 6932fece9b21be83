import { z } from "zod";
import { workloadKinds } from "../domain/app.ts";
import { digest } from "../domain/hash.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { Json } from "../engine/ports.ts";
import { onWorkload } from "./rollout/calls.ts";

const Params = z.strictObject({});

interface AppStatus {
  app: string;
  ready: number;
  wanted: number;
}

type One = EnvironmentContext["apps"][number];

async function statusOf({ app, target }: One, { cluster }: EnvironmentContext): Promise<AppStatus | string> {
  try {
    const { raw, replicas } = await cluster.workload(target);
    const status = (raw["status"] ?? {}) as { readyReplicas?: number; numberReady?: number };
    return { app: app.name, ready: status.readyReplicas ?? status.numberReady ?? 0, wanted: replicas };
  } catch (error) {
    if (isRefusal(error, "not-found")) return `${app.name} is not there`;
    if (isRefusal(error, "forbidden")) return `${app.name} cannot be seen`;
    throw error;
  }
}

/** How every app of the environment stands: a look that is done once it was had, however it turned out. */
export const systemStatus = defineAction<z.infer<typeof Params>, null, "environment">({
  name: "system-status",
  scope: "environment",
  params: Params,
  permission: "workload:read",

  async plan(_, { apps, environment }) {
    return {
      title: `how ${environment} stands`,
      calls: apps.flatMap(({ target }) => onWorkload(target, ["get"])),
      facts: [],
      diff: null,
      kubectl: apps.map(
        ({ target }) =>
          `kubectl get ${workloadKinds[target.kind].plural} ${target.name} -n ${target.namespace}`,
      ),
      warnings: [],
      fingerprint: digest(apps.map(({ app }) => app.name)),
      inverse: null,
      state: null,
      apps: apps.map(({ app }) => app.name),
    };
  },

  async observe(_, context) {
    const found = await Promise.all(context.apps.map((one) => statusOf(one, context)));
    const known = found.filter((one) => typeof one !== "string");
    const down = known.filter(({ ready, wanted }) => ready < wanted);
    const words = [
      ...down.map(({ app, ready, wanted }) => `${app} ${ready} of ${wanted} ready`),
      ...found.filter((one) => typeof one === "string"),
      `${known.length - down.length} of ${found.length} apps are whole`,
    ];
    const values = { apps: known.map((one): Json => ({ ...one })) };
    return { state: "done", evidence: [{ what: words.join(", "), ok: true }], values };
  },
});

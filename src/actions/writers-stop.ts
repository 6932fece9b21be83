import { z } from "zod";
import { PlanDrifted } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { callsOn, countsOf, scaleAll, whyNotScaled, writersOf } from "./database/writers.ts";
import { ownersOf } from "./rollout/field-owners.ts";
import { kubectl } from "./rollout/kubectl.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({ of: z.string().describe("the app that is the database") });

type StopState = { of: string; replicas: Record<string, number> };

function listed(replicas: Record<string, number>): string {
  return Object.entries(replicas)
    .map(([app, count]) => `${app} ${count} → 0`)
    .join(", ");
}

/** Throws PlanDrifted when a writer has another number of pods than the plan counted, and it was not crai that stopped it. */
async function demandAsPlanned(
  { app, target }: ReturnType<typeof writersOf>[number],
  counted: Record<string, number>,
  { cluster }: EnvironmentContext,
): Promise<void> {
  const { replicas, raw } = await cluster.workload(target);
  const planned = counted[app.name] ?? 0;
  if (replicas === planned) return;
  // An interrupted attempt of this step has stopped it.
  const own = ownersOf(raw, "spec", "replicas").some(({ manager }) => manager === fieldManager);
  if (replicas === 0 && own) return;
  throw new PlanDrifted(`${app.name} is scaled to ${replicas}, and was at ${planned} when this was planned`);
}

/** Scales the apps that write to a database to zero; how many pods each had is kept for starting them again. */
export const writersStop = defineAction<z.infer<typeof Params>, StopState, "environment">({
  name: "writers-stop",
  scope: "environment",
  params: Params,
  permission: "workload:scale",
  endsPods: true,

  async plan({ of }, context) {
    const { cluster } = context;
    const running: ReturnType<typeof writersOf> = [];
    const replicas: Record<string, number> = {};
    const warnings: Warning[] = [];
    for (const place of writersOf(of, context)) {
      const workload = await cluster.workload(place.target);
      // What is stopped already stays stopped afterwards.
      if (workload.replicas === 0) continue;
      running.push(place);
      replicas[place.app.name] = workload.replicas;
      const autoscalers = await cluster.autoscalers(place.target);
      for (const { kind, name } of autoscalers ?? [])
        if (kind === "KEDA")
          warnings.push({
            level: "warn",
            text: `KEDA's ${name} may scale ${place.app.name} up again at any time.`,
            next: "Pause it (annotation autoscaling.keda.sh/paused) before you confirm.",
          });
    }
    const names = Object.keys(replicas);
    const who = names.length === 0 ? "nobody" : names.join(" and ");
    return {
      title: `Stop ${who}`,
      calls: callsOn(running),
      facts: [
        {
          label: "Stopped for the swap",
          value:
            names.length === 0
              ? "nobody: crai.yaml names no `database.writers` that run"
              : `${listed(replicas)}, by scaling; started again afterwards`,
        },
      ],
      diff: null,
      kubectl: running.map(({ target }) =>
        kubectl(target, "scale", `${target.kind}/${target.name}`, "--replicas=0"),
      ),
      warnings: [
        ...warnings,
        ...(names.length === 0
          ? []
          : [
              {
                level: "warn" as const,
                text: `From the swap until it is started again, ${who} cannot be reached; its alerts may fire.`,
              },
            ]),
      ],
      fingerprint: digest([of, replicas]),
      inverse: {
        action: "writers-start",
        title: `Start ${who} again`,
        with: { of, replicas },
      },
      apps: names.length === 0 ? [of] : names,
      targets: running.map(({ target }) => target),
      state: { of, replicas },
    };
  },

  async apply({ of, replicas }, context) {
    // All of them, before the first is stopped: what is started again afterwards is what the plan has counted.
    for (const place of writersOf(of, context)) await demandAsPlanned(place, replicas, context);
    const running = writersOf(of, context).filter(({ app }) => Object.hasOwn(replicas, app.name));
    await scaleAll(
      context,
      running.map((place) => ({ place, replicas: 0 })),
    );
  },

  async observe({ of, replicas }, context) {
    const left: string[] = [];
    for (const place of writersOf(of, context)) {
      const { app, target } = place;
      if (!Object.hasOwn(replicas, app.name)) continue;
      const workload = await context.cluster.workload(target);
      const { pods } = countsOf(workload);
      if (workload.replicas > 0 && context.inHand?.acted() === true) {
        const why = await whyNotScaled(context, place, 0);
        if (why !== null)
          return { state: "failed", detail: `${app.name} was not stopped. ${why}`, evidence: [] };
        const detail = `${app.name} runs with ${workload.replicas}: it was not stopped, or somebody scaled it up again`;
        return { state: "diverged", detail };
      }
      if (workload.replicas > 0 || pods > 0)
        left.push(`${app.name} has ${Math.max(pods, workload.replicas)} pods`);
    }
    if (left.length > 0) return { state: "pending", detail: left.join(", ") };
    return {
      state: "done",
      evidence: [{ what: `Stopped: ${listed(replicas) || "nobody had to be"}`, ok: true }],
    };
  },
});

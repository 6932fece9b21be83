import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { isError, PatchConflict, PlanDrifted, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { Workload } from "../engine/ports.ts";
import { onPods, onWorkload } from "./rollout/calls.ts";
import { comingUp, countsOf, StuckAfter } from "./rollout/coming-up.ts";
import { kubectl } from "./rollout/kubectl.ts";
import { heldReplicas, type HeldReplicas, replicasFrom, superseded } from "./rollout/replicas.ts";
import { scaleWarnings } from "./rollout/scale-warnings.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({
  // As a person wrote it, like the revision of rollout-undo.
  replicas: z.json().describe("a whole number, or +2 and -1 from what there is"),
  stuckAfter: StuckAfter,
  holdFor: Duration.default(30_000).describe(
    "where an autoscaler has a say in the number, it must still hold after this long: autoscalers look every 15s",
  ),
});

const conflictsAtMost = 10;

/** What the API server would refuse, and why; an alert proposes with an identity that may only read. */
async function refusedWarnings(to: number, { cluster, target, actor }: ActionContext): Promise<Warning[]> {
  if (actor.kind !== "person") return [];
  try {
    const body = { spec: { replicas: to } };
    await cluster.patch(target, { type: "merge", subresource: "scale", body, dryRun: true, fieldManager });
    return [];
  } catch (error) {
    if (!isRefusal(error, "denied", "invalid", "forbidden")) throw error;
    return [{ level: "block", text: `${error.message}${error.why ? `: ${error.why}` : ""}` }];
  }
}

/** `kubectl scale`, but a change by somebody else in between is never taken for success. */
export const scale = defineAction<
  z.infer<typeof Params>,
  HeldReplicas & { stuckAfterMs: number; holdMs: number }
>({
  name: "scale",
  params: Params,
  permission: "workload:scale",
  endsPods: true,

  async plan({ replicas, stuckAfter, holdFor }, context) {
    const { cluster, target } = context;
    if (target.kind === "daemonset")
      throw new UserError(`${target.name} cannot be scaled`, {
        why: "A DaemonSet runs one pod on each of its nodes.",
        next: "Change its node selector or the nodes' labels.",
      });
    const workload = await cluster.workload(target);
    const from = workload.replicas;
    const to = replicasFrom(replicas, from);
    const { warnings, unchecked, isAutoscaled } = await scaleWarnings(workload, to, cluster);
    const text = `There is nothing to do: ${target.name} has ${to} replicas already.`;
    const refused = from === to ? [{ level: "block" as const, text }] : await refusedWarnings(to, context);
    const running = countsOf(workload).replicas;
    return {
      title: `Scale ${target.name} from ${from} to ${to}`,
      calls: [...onWorkload(target, ["get"]), ...onWorkload(target, ["patch"], "scale"), ...onPods(target)],
      facts: [
        { label: "Replicas", value: `${from} → ${to}` },
        ...(unchecked.length === 0
          ? []
          : [{ label: "Not checked", value: `${unchecked.join(", ")} (no right to look)` }]),
      ],
      diff: null,
      kubectl: [
        kubectl(
          target,
          "scale",
          `${target.kind}/${target.name}`,
          `--current-replicas=${from}`,
          `--replicas=${to}`,
        ),
      ],
      warnings: [...refused, ...warnings],
      fingerprint: digest([workload.uid, from, to]),
      inverse: { action: "scale", title: `Scale ${target.name} back to ${from}`, with: { replicas: from } },
      ...(to < Math.min(from, running) && {
        guarded: `It takes ${running - to} of ${running} running pods away: a second person has to agree.`,
      }),
      state: { ...heldReplicas(workload, to), stuckAfterMs: stuckAfter, holdMs: isAutoscaled ? holdFor : 0 },
    };
  },

  async apply(state, { cluster, target }) {
    for (let conflicts = 0; conflicts < conflictsAtMost; conflicts++) {
      const workload = await cluster.workload(target);
      const diverged = superseded(state, workload);
      if (diverged !== null) throw new PlanDrifted(diverged);
      if (workload.replicas === state.to) return;
      try {
        const body = {
          metadata: { resourceVersion: workload.resourceVersion },
          spec: { replicas: state.to },
        };
        await cluster.patch(target, { type: "merge", subresource: "scale", body, fieldManager });
        return;
      } catch (error) {
        if (!isError(error, "PatchConflict")) throw error;
      }
    }
    throw new PatchConflict(
      `${target.name} changed each of the ${conflictsAtMost} times it was to be scaled`,
    );
  },

  async observe(state, context, since) {
    const { cluster, target } = context;
    let workload: Workload;
    try {
      workload = await cluster.workload(target);
    } catch (error) {
      if (!isRefusal(error, "not-found")) throw error;
      return { state: "diverged", detail: `${target.name} was deleted` };
    }
    const diverged = superseded(state, workload);
    if (diverged !== null) return { state: "diverged", detail: diverged };
    if (workload.replicas !== state.to) return { state: "pending", detail: "Not scaled yet" };
    const { replicas, ready } = countsOf(workload);
    if (replicas !== state.to || ready !== state.to)
      return comingUp(workload, context, { since, stuckAfterMs: state.stuckAfterMs });
    const what = `${ready} of ${state.to} replicas are ready`;
    if (context.now().getTime() - since.getTime() < state.holdMs)
      return {
        state: "pending",
        detail: `${what}; watched for ${formatDuration(state.holdMs)}, because of the autoscaler`,
      };
    return { state: "done", evidence: [{ what, ok: true }] };
  },
});

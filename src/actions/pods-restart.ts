import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { z } from "zod";
import { isError, PlanDrifted } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { JsonObject, PodFacts, Workload } from "../engine/ports.ts";
import { heldByBudgets } from "./resources/disruption-budgets.ts";
import { onPods, onWorkload } from "./rollout/calls.ts";
import { comingUp, countsOf, StuckAfter } from "./rollout/coming-up.ts";
import { deletePodLine, describePod, isHopeless } from "./rollout/stuck-pods.ts";

const Params = z.strictObject({ stuckAfter: StuckAfter });

type Failed = { name: string; uid: string; why: string };
type RestartState = { uid: string; pods: Failed[]; stuckAfterMs: number };

/** ms for which a pod may run without getting ready before it counts as failed. */
const slowStart = 300_000;

function isFailed(pod: PodFacts, now: Date): boolean {
  if (pod.ready || pod.deleting || pod.phase === "Succeeded" || pod.reason === "Unschedulable") return false;
  const isSlow = pod.phase === "Running" && differenceInMilliseconds(now, pod.createdAt) >= slowStart;
  return isHopeless(pod) || pod.phase === "Failed" || pod.restarts > 0 || isSlow;
}

/** What a new pod from the same template does not cure. */
function incurable(pods: readonly PodFacts[]): Warning[] {
  const image = pods.find(({ reason }) => reason !== null && /image/i.test(reason));
  const config = pods.find(({ reason }) => reason === "CreateContainerConfigError");
  return [
    ...(image === undefined
      ? []
      : [
          {
            level: "warn" as const,
            text: `${image.name} cannot pull ${image.image}; a new pod pulls the same image.`,
            next: "If the image is gone, `rollback` helps and this does not.",
          },
        ]),
    ...(config === undefined
      ? []
      : [
          {
            level: "warn" as const,
            text: `${config.name} lacks configuration: ${config.message ?? "the kubelet says no more"}. A new pod lacks it too.`,
            next: "Restore it first.",
          },
        ]),
  ];
}

function labelsOf({ template }: Workload): Record<string, string> {
  return ((template["metadata"] as JsonObject | undefined)?.["labels"] ?? {}) as Record<string, string>;
}

function held(workload: Workload, { cluster, target }: ActionContext): Promise<string[] | null> {
  return heldByBudgets({ namespace: target.namespace, labels: labelsOf(workload) }, cluster);
}

function ofOther(state: RestartState, { uid, target }: Workload): string | null {
  return uid === state.uid ? null : `${target.name} was deleted and made again`;
}

/** The planned pods that are still there and still not well, by UID: one that has come to itself is left alone. */
async function left(
  state: RestartState,
  workload: Workload,
  { cluster }: Pick<ActionContext, "cluster">,
): Promise<PodFacts[]> {
  const planned = new Set(state.pods.map(({ uid }) => uid));
  return (await cluster.pods(workload)).filter((pod) => planned.has(pod.uid) && !pod.ready);
}

/** Evicts exactly the pods of an app that have failed, so that its workload makes them anew; budgets are kept. */
export const podsRestart = defineAction<z.infer<typeof Params>, RestartState>({
  name: "pods-restart",
  params: Params,
  permission: "rollout:restart",
  endsPods: true,

  async plan({ stuckAfter }, context) {
    const { cluster, target, now } = context;
    const workload = await cluster.workload(target);
    const failed = (await cluster.pods(workload)).filter((pod) => isFailed(pod, now()));
    const budgets = failed.some(({ phase }) => phase === "Running") ? await held(workload, context) : [];
    const nothing = `There is nothing to do: no pod of ${target.name} has failed.`;
    const [first] = failed;
    return {
      title:
        failed.length === 1
          ? `Restart ${first!.name}`
          : `Restart ${failed.length} failed pods of ${target.name}`,
      calls: [
        ...onWorkload(target, ["get"]),
        ...onPods(target),
        {
          cluster: target.cluster,
          verb: "create",
          group: "",
          resource: "pods",
          subresource: "eviction",
          namespace: target.namespace,
        },
      ],
      facts: [
        ...failed.map((pod) => ({ label: "Restarts", value: describePod(pod) })),
        {
          label: "Left alone",
          value: `${countsOf(workload).ready} pods that are ready`,
        },
        ...(budgets === null
          ? [{ label: "Not checked", value: "disruption budgets (no right to look)" }]
          : []),
      ],
      diff: null,
      kubectl: failed.map((pod) => deletePodLine(workload, pod)),
      warnings: [
        ...(failed.length === 0
          ? [
              {
                level: "block" as const,
                text: nothing,
                next: `\`restart ${context.app.name}\` replaces all of its pods.`,
              },
            ]
          : []),
        ...incurable(failed),
        ...(budgets ?? []).map((why) => ({
          level: "warn" as const,
          text: `Eviction will be refused as things are: ${why}.`,
          next: `It is tried for a minute. \`restart ${context.app.name}\` replaces all pods by the rollout strategy, which no disruption budget stops.`,
        })),
      ],
      // Broken pods come and go by themselves; which of them are meant is bound by their UIDs.
      fingerprint: digest([workload.uid]),
      inverse: null,
      state: {
        uid: workload.uid,
        stuckAfterMs: stuckAfter,
        pods: failed.map((pod) => ({ name: pod.name, uid: pod.uid, why: pod.reason ?? pod.phase })),
      },
    };
  },

  async apply(state, context) {
    const { cluster, target } = context;
    const workload = await cluster.workload(target);
    const other = ofOther(state, workload);
    if (other !== null) throw new PlanDrifted(other);
    for (const pod of await left(state, workload, context)) {
      if (pod.deleting) continue;
      try {
        await cluster.objects.evict({ namespace: target.namespace, name: pod.name, uid: pod.uid });
      } catch (error) {
        // Held by a budget, or gone meanwhile: what is left is seen when looking, and told of then.
        if (!isRefusal(error, "blocked", "not-found") && !isError(error, "PatchConflict")) throw error;
      }
    }
  },

  async observe(state, context, since) {
    const { cluster, target, inHand } = context;
    const workload = await cluster.workload(target);
    const other = ofOther(state, workload);
    if (other !== null) return { state: "diverged", detail: other };
    const there = await left(state, workload, context);
    const staying = there.filter(({ deleting }) => !deleting);
    const gone = state.pods.length - there.length;
    if (staying.length > 0) {
      if (inHand?.acted() !== true) return { state: "pending", detail: "Not evicted yet" };
      const budgets = (await held(workload, context)) ?? [];
      const why = budgets.length > 0 ? budgets.join("; ") : "a disruption budget held them";
      return {
        state: "failed",
        detail: `${gone} of ${state.pods.length} failed pods were evicted; ${staying.map(({ name }) => name).join(", ")} may not be: ${why}`,
        evidence: staying.map((pod) => ({ what: describePod(pod), ok: false })),
      };
    }
    if (there.length > 0) return { state: "pending", detail: `${there.length} pods are stopping` };
    const { ready } = countsOf(workload);
    if (ready < workload.replicas)
      return comingUp(workload, context, { since, stuckAfterMs: state.stuckAfterMs });
    const names = state.pods.map(({ name }) => name).join(", ");
    return {
      state: "done",
      evidence: [
        { what: `${names}: evicted and replaced`, ok: true },
        { what: `${ready} of ${workload.replicas} replicas are ready`, ok: true },
      ],
    };
  },
});

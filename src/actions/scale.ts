import { z } from "zod";
import { quoted } from "../domain/clean-text.ts";
import { isError, PatchConflict, PlanDrifted, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { Json, JsonObject, ScaleLimits, Workload } from "../engine/ports.ts";
import { onWorkload } from "./rollout/calls.ts";
import { ownersOf } from "./rollout/field-owners.ts";
import { kubectl } from "./rollout/kubectl.ts";
import { managersOf } from "./rollout/managers.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({
  // As a person wrote it, like the revision of rollout-undo.
  replicas: z.json().describe("a whole number"),
});

type ScaleState = {
  uid: string;
  from: number;
  to: number;
  /** Who held the number of replicas when it was planned, and all else about the workload: see isHeld. */
  owner: string;
  generation: number;
  rest: string;
};

const most = 1000;

function parseReplicas(given: Json): number {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number) && number <= most) return number;
  throw new UserError(`${quoted(text)} is no number of replicas`, {
    why: "Pods are counted in whole numbers.",
    next: `Use a whole number from 0 to ${most}.`,
  });
}

function replicasOwner(workload: Workload): string {
  return digest(ownersOf(workload.raw, "spec", "replicas"));
}

function lastScaler(workload: Workload): string {
  const [owner] = ownersOf(workload.raw, "spec", "replicas");
  return owner === undefined ? "somebody" : `${owner.manager}${owner.time === "" ? "" : ` at ${owner.time}`}`;
}

function limitWarnings(limits: ScaleLimits, from: number, to: number): Warning[] {
  const warnings: Warning[] = [];
  for (const { kind, name, min, max } of limits.autoscalers ?? []) {
    const outside =
      to < min || to > max ? `, so ${to} will not last` : " and may change it again at any time";
    warnings.push(
      to === 0
        ? {
            level: "warn",
            text: `Scaling to 0 silently switches the ${kind} ${name} off until somebody scales up again.`,
            next: "Remember to scale up: nothing else will.",
          }
        : {
            level: "warn",
            text: `The ${kind} ${name} keeps the number between ${min} and ${max}${outside}.`,
            next: "Change its bounds instead.",
          },
    );
  }
  for (const { name, hard, used } of limits.quotas ?? []) {
    if (to - from > hard - used)
      warnings.push({
        level: "warn",
        text: `The quota ${name} leaves room for ${Math.max(0, hard - used)} more pods; ${to - from} are wanted.`,
        next: "Ask for a higher quota, or scale less.",
      });
  }
  return warnings;
}

/** Everything that counts as a new generation but the number of replicas. */
function restOf({ raw, annotations }: Workload): string {
  const { replicas: _, ...spec } = raw["spec"] as JsonObject;
  return digest([spec, annotations]);
}

/**
 * The old number is still the old one, and not set anew by somebody after ours. Owners are recorded with whole seconds
 * only; within one, a new generation in which nothing else changed tells.
 */
function isHeld({ owner, generation, rest }: ScaleState, workload: Workload): boolean {
  if (replicasOwner(workload) !== owner) return false;
  return workload.generation === generation || restOf(workload) !== rest;
}

/** Neither the old number (still held as it was when planned) nor the wanted one: somebody else decided since. */
function divergence(state: ScaleState, workload: Workload): string | null {
  const { name } = workload.target;
  if (workload.uid !== state.uid) return `${name} was deleted and made again`;
  if (workload.replicas === state.to) return null;
  if (workload.replicas === state.from && isHeld(state, workload)) return null;
  return `Superseded: ${name} was set to ${workload.replicas} replicas by ${lastScaler(workload)}`;
}

const conflictsAtMost = 10;

/** `kubectl scale`, but a change by somebody else in between is never taken for success. */
export const scale = defineAction<z.infer<typeof Params>, ScaleState>({
  name: "scale",
  params: Params,
  permission: "workload:scale",

  async plan({ replicas }, { cluster, target, actor }) {
    const to = parseReplicas(replicas);
    if (target.kind === "daemonset")
      throw new UserError(`${target.name} cannot be scaled`, {
        why: "A DaemonSet runs one pod on each of its nodes.",
        next: "Change its node selector or the nodes' labels.",
      });
    const [workload, limits] = await Promise.all([cluster.workload(target), cluster.scaleLimits(target)]);
    const from = workload.replicas;
    const warnings = [
      ...(from === to
        ? [
            {
              level: "block" as const,
              text: `There is nothing to do: ${target.name} has ${to} replicas already.`,
            },
          ]
        : []),
      ...limitWarnings(limits, from, to),
      ...(to === 0
        ? [{ level: "warn" as const, text: `With 0 replicas ${target.name} serves nobody.` }]
        : []),
      ...managersOf(workload).map(({ warning }) => warning),
    ];
    if (from !== to && actor.kind === "person") {
      await cluster
        .patch(target, {
          type: "merge",
          subresource: "scale",
          body: { spec: { replicas: to } },
          dryRun: true,
          fieldManager,
        })
        .catch((error: unknown) => {
          if (!isRefusal(error, "denied", "invalid", "forbidden")) throw error;
          warnings.push({ level: "block", text: `${error.message}${error.why ? `: ${error.why}` : ""}` });
        });
    }
    const unchecked = [
      ...(limits.autoscalers === null ? ["autoscalers"] : []),
      ...(limits.quotas === null ? ["quotas"] : []),
    ];
    return {
      title: `Scale ${target.name} from ${from} to ${to}`,
      calls: [...onWorkload(target, ["get"]), ...onWorkload(target, ["patch"], "scale")],
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
      warnings,
      fingerprint: digest([workload.uid, from, to]),
      inverse: { action: "scale", title: `Scale ${target.name} back to ${from}`, with: { replicas: from } },
      state: {
        uid: workload.uid,
        from,
        to,
        owner: replicasOwner(workload),
        generation: workload.generation,
        rest: restOf(workload),
      },
    };
  },

  async apply(state, { cluster, target }) {
    for (let conflicts = 0; conflicts < conflictsAtMost; conflicts++) {
      const workload = await cluster.workload(target);
      const diverged = divergence(state, workload);
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

  async observe(state, { cluster, target }) {
    let workload: Workload;
    try {
      workload = await cluster.workload(target);
    } catch (error) {
      if (!isRefusal(error, "not-found")) throw error;
      return { state: "diverged", detail: `${target.name} was deleted` };
    }
    const diverged = divergence(state, workload);
    if (diverged !== null) return { state: "diverged", detail: diverged };
    if (workload.replicas !== state.to) return { state: "pending", detail: "Not scaled yet" };
    const status = (workload.raw["status"] ?? {}) as { replicas?: number; readyReplicas?: number };
    const { replicas = 0, readyReplicas = 0 } = status;
    if (replicas === state.to && readyReplicas === state.to)
      return {
        state: "done",
        evidence: [{ what: `${readyReplicas} of ${state.to} replicas are ready`, ok: true }],
      };
    return { state: "pending", detail: `${readyReplicas} of ${state.to} replicas are ready` };
  },
});

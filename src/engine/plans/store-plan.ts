import { addMilliseconds } from "date-fns/addMilliseconds";
import { targetKey } from "../../domain/app.ts";
import { type Plan, planTargets } from "../../domain/plan.ts";
import type { Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { insertPlan, type StoredPlan } from "../../store/plans.ts";
import { appendEntry } from "../../store/timeline.ts";
import { streamOf } from "../record.ts";
import type { PlannerOptions } from "./planning.ts";
import { expiryKey } from "./waiting.ts";

export interface PlanCause {
  key: string;
  channel: string | null;
}

/** Stores a plan with its timeline entry and its deadline; the same cause again finds what is there. */
export function createPlanStore({ config, now }: Pick<PlannerOptions, "config" | "now">) {
  return async (trx: Queries, plan: Plan, cause: PlanCause): Promise<StoredPlan> => {
    const at = now();
    const expiresAt = addMilliseconds(at, config.deadlines.approval);
    const { stored, isNew } = await insertPlan(trx, { ...cause, plan, createdAt: at, expiresAt });
    if (!isNew) return stored;
    await setDeadline(trx, {
      key: expiryKey(stored),
      kind: "plan.expires",
      subject: { plan: stored.number },
      dueAt: expiresAt,
    });
    await appendEntry(trx, {
      stream: streamOf(plan.incident, stored.number),
      at,
      key: `plan:${stored.number}:made`,
      actor: plan.actor,
      fact: {
        kind: "plan.made",
        plan: stored.number,
        title: plan.title,
        hash: stored.hash,
        targets: planTargets(plan).map(targetKey),
        facts: plan.steps.flatMap((step) => step.facts),
        diff: plan.steps.map((step) => step.diff).find((diff) => diff !== null) ?? null,
        kubectl: plan.steps.flatMap((step) => step.kubectl),
      },
    });
    return stored;
  };
}

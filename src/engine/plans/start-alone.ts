import { subMilliseconds } from "date-fns/subMilliseconds";
import { targetKey } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import { planScopes, planTargets, planWarnings } from "../../domain/plan.ts";
import type { Playbook } from "../../domain/playbook.ts";
import type { Database, Queries } from "../../store/database.ts";
import { takeLocks } from "../../store/locks.ts";
import { settlePlan, type StoredPlan } from "../../store/plans.ts";
import { insertRun, startedAlone } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import type { Authorizer } from "../authorizer.ts";
import { lockedError } from "./locked-error.ts";
import { endWait } from "./waiting.ts";

export interface StartAloneOptions {
  db: Database;
  authorizer: Pick<Authorizer, "demand">;
  enqueue: (trx: Queries, run: number) => Promise<void>;
  now: Clock;
}

export type StartAlone = (
  stored: StoredPlan,
  playbook: Pick<Playbook, "permission" | "on_alert">,
) => Promise<Row<"run"> | undefined>;

/**
 * Starts a plan that nobody has to say yes to: its playbook runs by itself for such an alert (`mode: auto`). With the
 * rights of the alert's own identity, in crai and in the cluster; never again within its cooldown, never more often
 * than its cap. Throws a UserError when it may not: the plan stays a proposal. undefined: it was answered already.
 */
export function createStartAlone({ db, authorizer, enqueue, now }: StartAloneOptions): StartAlone {
  async function demand({ plan }: StoredPlan, { permission }: Pick<Playbook, "permission">): Promise<void> {
    for (const scope of planScopes(plan)) await authorizer.demand(plan.actor, permission, scope);
    for (const step of plan.steps)
      for (const scope of step.scopes) await authorizer.demand(plan.actor, step.permission, scope);
    // A second person's yes cannot be written away in a trigger.
    if (plan.risk === "guarded" || plan.approvals > 1)
      throw new UserError("This plan needs the yes of a second person.", {
        why: "It is guarded, or needs several yeses, whatever its trigger says.",
        next: "It is proposed instead: somebody confirms it.",
      });
    const block = planWarnings(plan).find(({ level }) => level === "block");
    if (block)
      throw new UserError("This plan cannot be run.", {
        why: block.text,
        next: block.next ?? "Plan again once that has changed.",
      });
  }

  async function pace(trx: Queries, { plan }: StoredPlan, { on_alert: trigger }: Pick<Playbook, "on_alert">) {
    if (trigger === undefined) return;
    const { cooldown, max } = trigger;
    const about = { playbook: plan.playbook.name, app: plan.app, environment: plan.environment };
    const since = (ms: number) => startedAlone(trx, { ...about, since: subMilliseconds(now(), ms) });
    const why = "It ran by itself for this app already";
    const next = "It is proposed instead: somebody confirms it.";
    if ((await since(cooldown)) > 0)
      throw new UserError(`${plan.playbook.name} cools down.`, {
        why: `${why}, less than ${formatDuration(cooldown)} ago.`,
        next,
      });
    if ((await since(max.withinMs)) >= max.times)
      throw new UserError(`${plan.playbook.name} has run often enough by itself.`, {
        why: `${why} ${max.times} times in ${formatDuration(max.withinMs)}.`,
        next,
      });
  }

  return async (stored, playbook) => {
    const { plan, number } = stored;
    await demand(stored, playbook);
    return db.transaction().execute(async (trx) => {
      const at = now();
      if (!(await settlePlan(trx, number, "started", "by itself."))) return undefined;
      await pace(trx, stored, playbook);
      const run = await insertRun(trx, stored, { actor: plan.actor, executor: "serve", at });
      const targets = planTargets(plan).map(targetKey);
      const taking = await takeLocks(trx, { targets, run: run.number, holder: plan.actor, at });
      if (!taking.taken) throw await lockedError(trx, taking.busy, plan.incident);
      await endWait(trx, stored, { by: plan.actor, at });
      await enqueue(trx, run.number);
      return run;
    });
  };
}

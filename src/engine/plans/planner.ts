import type { Actor } from "../../domain/actor.ts";
import { type Plan, planFingerprint } from "../../domain/plan.ts";
import type { Queries } from "../../store/database.ts";
import { planByKey, type StoredPlan } from "../../store/plans.ts";
import type { ActionContext } from "../playbooks/action.ts";
import { createContexts, type MakeContext, type Where } from "./action-context.ts";
import { createPlaybookDraft, type PlaybookDraft } from "./draft-playbook.ts";
import { createUndoDraft } from "./draft-undo.ts";
import type { Drift, PlannerOptions, PlanRequest } from "./planning.ts";
import { createPlanStore, type PlanCause } from "./store-plan.ts";

export interface Planner {
  /** Works a plan out and stores it with its timeline entry. Nothing in a cluster is touched. */
  make(request: PlanRequest): Promise<StoredPlan>;
  /** Plans the inverses that a run recorded before it acted, newest first. */
  makeUndo(
    request: Omit<PlanRequest, "playbook" | "app" | "environment" | "inputs"> & { run: number },
  ): Promise<StoredPlan>;
  /** Works a plan out; stores nothing. */
  draft(request: PlaybookDraft): Promise<Plan>;
  /** The same plan worked out again now, for the same actor or another; not stored. */
  draftAgain(plan: Plan, actor?: Actor): Promise<Plan>;
  /** The fingerprint the plan would have now: whether what it rests on still stands, without asking for rights again. */
  fingerprintNow(plan: Plan): Promise<string>;
  store(trx: Queries, plan: Plan, cause: PlanCause): Promise<StoredPlan>;
  /** What an action about this app may use, outside any run. */
  context(where: Pick<Where, "app" | "environment" | "actor">): Promise<ActionContext>;
  contexts: MakeContext;
}

export function createPlanner(options: PlannerOptions): Planner {
  const { db } = options;
  const contexts = createContexts(options);
  const draft = createPlaybookDraft(options, contexts);
  const draftUndo = createUndoDraft(options, contexts);
  const store = createPlanStore(options);

  async function storeNew(plan: Plan, { key, channel }: PlanCause): Promise<StoredPlan> {
    return db.transaction().execute((trx) => store(trx, plan, { key, channel }));
  }

  async function again(plan: Plan, { actor, drift }: { actor: Actor } & Drift): Promise<Plan> {
    const { incident, reason } = plan;
    const request = { actor, incident, reason, ...(drift !== undefined && { drift }) };
    if (plan.undoes !== null) return draftUndo(plan.undoes, request);
    const { playbook, app, environment, inputs } = plan;
    return draft({ ...request, playbook: playbook.name, app, environment, inputs });
  }

  return {
    contexts,
    context: ({ app, environment, actor }) =>
      contexts.app({ app, environment, actor, before: [], inHand: null }),
    store,
    async make(request) {
      return (await planByKey(db, request.key)) ?? storeNew(await draft(request), request);
    },
    async makeUndo(request) {
      const known = await planByKey(db, request.key);
      return known ?? storeNew(await draftUndo(request.run, request), request);
    },
    draft,
    draftAgain: (plan, actor = plan.actor) => again(plan, { actor }),
    async fingerprintNow(plan) {
      return planFingerprint(await again(plan, { actor: plan.actor, drift: true }));
    },
  };
}

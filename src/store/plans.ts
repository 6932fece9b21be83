import { type Plan, planFingerprint, planHash, type PlanStatus } from "../domain/plan.ts";
import type { Actor } from "../domain/actor.ts";
import { actorKey } from "../domain/actor.ts";
import type { ApprovalTable, Row } from "./tables.ts";
import type { Queries } from "./database.ts";

/** A plan as stored: its document never changes; only its status does, once. */
export interface StoredPlan {
  number: number;
  key: string;
  plan: Plan;
  hash: string;
  fingerprint: string;
  status: PlanStatus;
  why: string | null;
  channel: string | null;
  createdAt: Date;
  expiresAt: Date;
  askedAt: Date | null;
}

function toPlan(row: Row<"plan">): StoredPlan {
  return {
    number: row.number,
    key: row.key,
    plan: row.document,
    hash: row.hash,
    fingerprint: row.fingerprint,
    status: row.status,
    why: row.why,
    channel: row.channel,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    askedAt: row.asked_at,
  };
}

export interface NewPlan {
  key: string;
  plan: Plan;
  channel: string | null;
  createdAt: Date;
  expiresAt: Date;
}

/** Returns the stored plan, and whether it is new: the same cause again finds the row that is there. */
export async function insertPlan(
  trx: Queries,
  { key, plan, channel, createdAt, expiresAt }: NewPlan,
): Promise<{ stored: StoredPlan; isNew: boolean }> {
  const row = await trx
    .insertInto("plan")
    .values({
      key,
      document: JSON.stringify(plan),
      hash: planHash(plan),
      fingerprint: planFingerprint(plan),
      status: "waiting",
      app: plan.app,
      environment: plan.environment,
      incident: plan.incident,
      actor_key: actorKey(plan.actor),
      channel,
      created_at: createdAt,
      expires_at: expiresAt,
    })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row) return { stored: toPlan(row), isNew: true };
  const known = await trx.selectFrom("plan").selectAll().where("key", "=", key).executeTakeFirstOrThrow();
  return { stored: toPlan(known), isNew: false };
}

export async function planByNumber(db: Queries, number: number): Promise<StoredPlan | undefined> {
  const row = await db.selectFrom("plan").selectAll().where("number", "=", number).executeTakeFirst();
  return row && toPlan(row);
}

export async function planByKey(db: Queries, key: string): Promise<StoredPlan | undefined> {
  const row = await db.selectFrom("plan").selectAll().where("key", "=", key).executeTakeFirst();
  return row && toPlan(row);
}

/** Waiting plans of an incident, newest first. */
export async function waitingPlans(db: Queries, incident: number): Promise<StoredPlan[]> {
  const rows = await db
    .selectFrom("plan")
    .selectAll()
    .where("incident", "=", incident)
    .where("status", "=", "waiting")
    .orderBy("number", "desc")
    .execute();
  return rows.map(toPlan);
}

/** Ends the wait; false when somebody else ended it first. */
export async function settlePlan(
  trx: Queries,
  number: number,
  status: Exclude<PlanStatus, "waiting">,
  why: string | null,
): Promise<boolean> {
  const row = await trx
    .updateTable("plan")
    .set({ status, why })
    .where("number", "=", number)
    .where("status", "=", "waiting")
    .returning("number")
    .executeTakeFirst();
  return row !== undefined;
}

/** Locks the row until the transaction ends; false when it waits no more. */
export async function lockWaiting(trx: Queries, number: number): Promise<boolean> {
  const row = await trx
    .selectFrom("plan")
    .select("number")
    .where("number", "=", number)
    .where("status", "=", "waiting")
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** False when it was asked already: the first time counts. */
export async function markAsked(trx: Queries, number: number, at: Date): Promise<boolean> {
  const row = await trx
    .updateTable("plan")
    .set({ asked_at: at })
    .where("number", "=", number)
    .where("asked_at", "is", null)
    .returning("number")
    .executeTakeFirst();
  return row !== undefined;
}

/** A person's last word counts: a yes may become a no, or a broken glass. The timeline keeps all of them. */
export async function putApproval(
  trx: Queries,
  approval: {
    plan: number;
    actor: Actor;
    decision: ApprovalTable["decision"];
    reason: string | null;
    planHash: string;
    at: Date;
  },
): Promise<void> {
  const { plan, actor, decision, reason, at } = approval;
  await trx
    .insertInto("approval")
    .values({
      plan,
      actor_key: actorKey(actor),
      actor: JSON.stringify(actor),
      decision,
      reason,
      plan_hash: approval.planHash,
      at,
    })
    .onConflict((conflict) => conflict.columns(["plan", "actor_key"]).doUpdateSet({ decision, reason, at }))
    .execute();
}

export async function approvalsOf(db: Queries, plan: number): Promise<Row<"approval">[]> {
  return db.selectFrom("approval").selectAll().where("plan", "=", plan).orderBy("at").execute();
}

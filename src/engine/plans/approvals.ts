import { addMilliseconds } from "date-fns/addMilliseconds";
import { type Actor, actorKey, actorName, type Person, sameActor } from "../../domain/actor.ts";
import type { Config } from "../../domain/config.ts";
import { targetKey } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import { type Plan, planFingerprint, planTargets, planWarnings } from "../../domain/plan.ts";
import type { Executor } from "../../domain/run.ts";
import type { Database, Queries } from "../../store/database.ts";
import { endDeadline, setDeadline } from "../../store/deadlines.ts";
import { takeLocks } from "../../store/locks.ts";
import {
  approvalsOf,
  insertApproval,
  markAsked,
  noteStarted,
  planByKey,
  planByNumber,
  settlePlan,
  type StoredPlan,
} from "../../store/plans.ts";
import { insertRun, runOfPlan } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { noPlan } from "../commands/references.ts";
import type { Authorizer, OnCall } from "../authorizer.ts";
import type { Planner } from "./planner.ts";
import { lockedError } from "./locked-error.ts";
import { type Need, needOf } from "./need.ts";
import { pageKey, streamOf, tellPager } from "../record.ts";

export interface Answer {
  plan: number;
  actor: Person;
  reason: string | null;
  breakGlass: boolean;
  /** The invocation, so that a repeated press is one answer. */
  cause: string;
  channel: string | null;
}

export type Decision =
  /** The plan runs. */
  | { result: "started"; stored: StoredPlan; run: Row<"run"> }
  /** What it rested on has changed, or an alert's proposal was taken up by a person who needs another's yes: look at the new plan. */
  | { result: "replanned"; stored: StoredPlan; why: string };

export interface Approvals {
  /** Who has to say yes to this plan, at this moment. */
  need(plan: Plan, askedAt: Date | null): Promise<Need>;
  /** A yes: of the requester, of a second person, or with the glass broken. */
  approve(answer: Answer): Promise<Decision>;
  deny(answer: Omit<Answer, "breakGlass">): Promise<StoredPlan>;
  /** A plan was shown to people: from here on break-glass counts. */
  asked(stored: StoredPlan): Promise<void>;
  expire(plan: number): Promise<StoredPlan | undefined>;
}

export interface ApprovalsOptions {
  db: Database;
  config: Pick<Config, "apps" | "deadlines">;
  planner: Planner;
  authorizer: Authorizer;
  /** Who carries a plan out; called in the transaction that starts its run. */
  executor: (trx: Queries, stored: StoredPlan) => Promise<Executor>;
  /** Makes the run durable, in the same transaction as the yes. */
  enqueue: (trx: Queries, run: number) => Promise<void>;
  now: Clock;
}

/** ms after which a terminal that was to carry a run out is first looked for. */
const TERMINAL_GRACE = 5000;

type Yes = "confirmed" | "approved" | "break-glass";

/** Whose yes it was, where it was not the requester's own. */
function yesText(how: Yes, { actor, reason }: Answer): string {
  if (how === "confirmed") return "";
  return how === "approved" ? `, approved by ${actor.name}` : `. ${actor.name} broke the glass: ${reason}`;
}

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { db, config, planner, authorizer, executor, enqueue, now } = options;

  async function need(plan: Plan, askedAt: Date | null): Promise<Need> {
    const app = config.apps[plan.app];
    const onCall: OnCall = app === undefined ? { is: "no" } : await authorizer.isOnCall(plan.actor, app);
    const may = await authorizer.approvers({ app: plan.app, environment: plan.environment });
    return needOf(plan, {
      requesterOnCall: onCall,
      askedAt,
      breakGlassAfter: config.deadlines.breakGlass,
      approvers: may.filter((id) => id !== actorKey(plan.actor)),
    });
  }

  async function waiting(number: number): Promise<StoredPlan> {
    const stored = await planByNumber(db, number);
    if (!stored) throw noPlan(number);
    if (stored.status === "waiting" && expires(stored) && now() >= stored.expiresAt)
      return (await expire(number)) ?? stored;
    return stored;
  }

  async function expire(number: number): Promise<StoredPlan | undefined> {
    const why = `Nobody said yes within ${formatDuration(config.deadlines.approval)}.`;
    return db.transaction().execute(async (trx) => {
      const stored = await planByNumber(trx, number);
      if (!stored || !expires(stored) || !(await settlePlan(trx, number, "expired", why))) return undefined;
      await recordVoid(trx, stored, why, { kind: "observer" });
      return { ...stored, status: "expired" as const, why };
    });
  }

  async function recordVoid(trx: Queries, stored: StoredPlan, why: string, actor: Actor): Promise<void> {
    await endDeadline(trx, `plan:${stored.number}:expires`, now());
    await appendEntry(trx, {
      stream: streamOf(stored.plan.incident, stored.number),
      at: now(),
      key: `plan:${stored.number}:voided`,
      actor,
      fact: { kind: "plan.voided", plan: stored.number, why },
    });
  }

  /** Which kind of yes this is; throws a UserError when it is none. */
  async function judge(stored: StoredPlan, answer: Answer): Promise<Yes> {
    const { plan } = stored;
    const scope = { app: plan.app, environment: plan.environment };
    const required = await need(plan, stored.askedAt);
    const own = sameActor(plan.actor, answer.actor);
    if (answer.breakGlass) return breakGlass(required, answer, scope);
    if (own && required.who === "requester") return "confirmed";
    if (own) {
      throw new UserError(`P${stored.number} needs the yes of a second person.`, {
        why: required.why,
        next: "Somebody else presses Approve, or types `approve P" + String(stored.number) + "`.",
      });
    }
    await authorizer.demand(answer.actor, "plan:approve", scope);
    return "approved";
  }

  async function breakGlass(
    required: Need,
    answer: Answer,
    scope: { app: string; environment: string },
  ): Promise<Yes> {
    await authorizer.demand(answer.actor, "glass:break", scope);
    if (answer.reason === null || answer.reason.trim() === "") {
      throw new UserError("Breaking the glass needs a reason.", {
        why: "It is announced, stands on the timeline and is reviewed afterwards.",
        next: `\`approve P${answer.plan} --break-glass --reason "…"\``,
      });
    }
    if (required.who === "requester") return "confirmed";
    if (required.breakGlassAt === null || now() < required.breakGlassAt) {
      throw new UserError("The glass cannot be broken yet.", {
        why: `A second person is asked first and has ${formatDuration(config.deadlines.breakGlass)} to answer.`,
        next: "Ask somebody to approve it, or try again then.",
      });
    }
    return "break-glass";
  }

  /** Why nobody can say yes or no to it any more. */
  async function notWaiting(trx: Queries, number: number): Promise<UserError> {
    const run = await runOfPlan(trx, number);
    if (run)
      return new UserError(`P${number} runs already, as R${run.number}.`, {
        why: "Somebody said yes before you.",
        next: `\`runs R${run.number}\` shows how it goes.`,
      });
    const { status, why } = (await planByNumber(trx, number)) ?? { status: "gone", why: null };
    return new UserError(`P${number} can no longer be approved: it is ${status}.`, {
      why: why ?? "It was answered.",
      next: "Plan again: the world may have moved.",
    });
  }

  async function isAnsweredBy(plan: number, actor: Person, decision: "yes" | "no"): Promise<boolean> {
    const given = (await approvalsOf(db, plan)).find((approval) => approval.actor_key === actorKey(actor));
    return given !== undefined && (given.decision === "denied") === (decision === "no");
  }

  /** The run that this person's yes to this plan has started. */
  async function startedBy(stored: StoredPlan, actor: Person): Promise<Decision | undefined> {
    const run = stored.status === "started" ? await runOfPlan(db, stored.number) : undefined;
    if (!run || !(await isAnsweredBy(stored.number, actor, "yes"))) return undefined;
    return { result: "started", stored, run };
  }

  function refuseBlocked(plan: Plan): void {
    const blocks = planWarnings(plan).filter((warning) => warning.level === "block");
    if (blocks.length === 0) return;
    throw new UserError("This plan cannot be run.", {
      why: blocks.map((block) => block.text).join(" "),
      next: blocks[0]?.next ?? "Plan again once that has changed.",
    });
  }

  /** A plan is replaced at most once, so its number names what came in its place. */
  function successorKey({ number }: StoredPlan): string {
    return `plan:${number}:again`;
  }

  /** Stores the plan as it is now in place of one that no longer fits; of several at once, the first does. */
  async function replace(
    trx: Queries,
    stored: StoredPlan,
    { fresh, why }: { fresh: Plan; why: string },
    answer: Answer,
  ): Promise<StoredPlan> {
    if (!(await settlePlan(trx, stored.number, "voided", why))) throw await notWaiting(trx, stored.number);
    const channel = stored.channel ?? answer.channel;
    const next = await planner.store(trx, fresh, { key: successorKey(stored), channel });
    await recordVoid(trx, stored, why, answer.actor);
    return next;
  }

  async function start(trx: Queries, stored: StoredPlan, answer: Answer, how: Yes): Promise<Row<"run">> {
    const at = now();
    if (!(await settlePlan(trx, stored.number, "started", null))) throw await notWaiting(trx, stored.number);
    await insertApproval(trx, {
      plan: stored.number,
      actor: answer.actor,
      decision: how,
      reason: answer.reason,
      planHash: stored.hash,
      at,
    });
    const by = await executor(trx, stored);
    const run = await insertRun(trx, stored, { actor: stored.plan.actor, executor: by, at });
    await noteStarted(trx, stored.number, `as R${run.number}${yesText(how, answer)}.`);
    await appendEntry(trx, {
      stream: streamOf(stored.plan.incident, stored.number),
      at,
      key: `plan:${stored.number}:approved`,
      actor: answer.actor,
      fact: { kind: "approval.given", plan: stored.number, how, reason: answer.reason },
    });
    const taking = await takeLocks(trx, {
      targets: planTargets(stored.plan).map(targetKey),
      run: run.number,
      holder: stored.plan.actor,
      at,
    });
    if (!taking.taken) throw await lockedError(trx, taking.busy);
    await endDeadline(trx, `plan:${stored.number}:expires`, at);
    await endDeadline(trx, `plan:${stored.number}:glass`, at);
    if (by === "serve") await enqueue(trx, run.number);
    else await watchTerminal(trx, run.number, at);
    return run;
  }

  /**
   * An alert proposed it; the person who says yes becomes its requester, and it is worked out again with their rights.
   * The proposal goes only when something comes in its place: a refusal leaves it to others.
   */
  async function takeUp(stored: StoredPlan, answer: Answer): Promise<Decision> {
    const fresh = await planner.draftAgain(stored.plan, answer.actor);
    refuseBlocked(fresh);
    const same = planFingerprint(fresh) === stored.fingerprint;
    const required = await need(fresh, null);
    const why = same ? `${answer.actor.name} took it up.` : "The world had moved since it was proposed.";
    return db.transaction().execute(async (trx) => {
      const mine = await replace(trx, stored, { fresh, why }, answer);
      if (!same) return { result: "replanned", stored: mine, why };
      if (required.who !== "requester") return { result: "replanned", stored: mine, why: required.why };
      return { result: "started", stored: mine, run: await start(trx, mine, answer, "confirmed") };
    });
  }

  /** What this answer has led to already: it is carried out again after a crash, or was pressed twice. */
  async function given(stored: StoredPlan, { actor }: Answer): Promise<Decision | undefined> {
    const started = await startedBy(stored, actor);
    if (started) return started;
    const next = stored.status === "voided" ? await planByKey(db, successorKey(stored)) : undefined;
    if (!next) return undefined;
    const goesOn =
      next.status === "waiting" && (stored.plan.actor.kind === "person" || sameActor(next.plan.actor, actor));
    if (goesOn) return { result: "replanned", stored: next, why: stored.why ?? "" };
    return startedBy(next, actor);
  }

  /** A guarded plan must not wait for somebody to look at Slack: its approvers' pager rings at once. */
  async function page(trx: Queries, { plan, number }: StoredPlan): Promise<void> {
    const service = config.apps[plan.app]?.pagerdutyService;
    if (plan.risk !== "guarded" || service === undefined) return;
    const body = `${actorName(plan.actor)} asks for a second yes to P${number}. Approve or deny it in Slack, or with \`crai approve P${number}\`.`;
    await tellPager(
      trx,
      { key: `plan:${number}:page`, about: plan.incident },
      { do: "page", service, title: `Yes or no? ${plan.title}`, body, dedupKey: `${pageKey}${number}` },
      now(),
    );
  }

  return {
    need,
    expire,

    async approve(answer) {
      const stored = await waiting(answer.plan);
      const before = await given(stored, answer);
      if (before) return before;
      if (stored.status !== "waiting") throw await notWaiting(db, stored.number);
      if (stored.plan.actor.kind !== "person") return takeUp(stored, answer);
      const how = await judge(stored, answer);
      refuseBlocked(stored.plan);
      if ((await planner.fingerprintNow(stored.plan)) === stored.fingerprint) {
        const run = await db.transaction().execute((trx) => start(trx, stored, answer, how));
        return { result: "started", stored, run };
      }
      const why = "What it rests on has changed since it was planned.";
      const fresh = await planner.draftAgain(stored.plan);
      const next = await db.transaction().execute((trx) => replace(trx, stored, { fresh, why }, answer));
      return { result: "replanned", stored: next, why };
    },

    async deny(answer) {
      const stored = await waiting(answer.plan);
      if (stored.status === "denied" && (await isAnsweredBy(stored.number, answer.actor, "no")))
        return stored;
      if (stored.status !== "waiting") throw await notWaiting(db, stored.number);
      const own = sameActor(stored.plan.actor, answer.actor);
      if (!own)
        await authorizer.demand(answer.actor, "plan:approve", {
          app: stored.plan.app,
          environment: stored.plan.environment,
        });
      const why = `${actorName(answer.actor)} said no${answer.reason === null ? "" : `: ${answer.reason}`}.`;
      await db.transaction().execute(async (trx) => {
        if (!(await settlePlan(trx, stored.number, "denied", why)))
          throw await notWaiting(trx, stored.number);
        await insertApproval(trx, {
          plan: stored.number,
          actor: answer.actor,
          decision: "denied",
          reason: answer.reason,
          planHash: stored.hash,
          at: now(),
        });
        await endDeadline(trx, `plan:${stored.number}:expires`, now());
        await appendEntry(trx, {
          stream: streamOf(stored.plan.incident, stored.number),
          at: now(),
          key: `plan:${stored.number}:denied`,
          actor: answer.actor,
          fact: { kind: "approval.denied", plan: stored.number, reason: answer.reason },
        });
      });
      return (await planByNumber(db, stored.number)) ?? stored;
    },

    async asked(stored) {
      const at = now();
      await db.transaction().execute(async (trx) => {
        if (!(await markAsked(trx, stored.number, at))) return;
        await page(trx, stored);
        await setDeadline(trx, {
          key: `plan:${stored.number}:glass`,
          kind: "plan.glass",
          subject: { plan: stored.number },
          dueAt: addMilliseconds(at, config.deadlines.breakGlass),
        });
        await appendEntry(trx, {
          stream: streamOf(stored.plan.incident, stored.number),
          at,
          key: `plan:${stored.number}:asked`,
          actor: stored.plan.actor,
          fact: {
            kind: "approval.asked",
            plan: stored.number,
            risk: stored.plan.risk,
            until: stored.expiresAt.toISOString(),
          },
        });
      });
    },
  };
}

/** Whoever serves looks from now on whether the terminal is still there. */
async function watchTerminal(trx: Queries, run: number, at: Date): Promise<void> {
  await setDeadline(trx, {
    key: `run:${run}:terminal`,
    kind: "run.terminal",
    subject: { run },
    dueAt: addMilliseconds(at, TERMINAL_GRACE),
  });
}

/** An alert's proposal is worked out again when somebody presses it, so it cannot grow stale. */
function expires(stored: StoredPlan): boolean {
  return stored.plan.actor.kind === "person";
}

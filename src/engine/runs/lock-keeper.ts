import type { Actor } from "../../domain/actor.ts";
import { actorName } from "../../domain/actor.ts";
import type { Config } from "../../domain/config.ts";
import { UserError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Database } from "../../store/database.ts";
import { breakLock, lockOf } from "../../store/locks.ts";
import { askToStop, runByNumber } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { type Asked, isHidden } from "../audience.ts";
import type { Authorizer, OnCall } from "../authorizer.ts";
import { line } from "../page.ts";
import { lockedError } from "../plans/locked-error.ts";
import { say, streamOf } from "../record.ts";

export interface TakeOver {
  actor: Actor;
  reason: string | null;
  cause: string;
  place: Asked;
  /** A hold that began after this is not the one they saw: another's new run, or their own when a crash has it asked again. */
  askedAt: Date;
}

export interface LockKeeper {
  /** Ends a run's hold on a target: the run is asked to stop and its holder is told. Needs `lock:take`. */
  takeOver(target: string, by: TakeOver): Promise<Row<"lock">>;
}

export interface LockKeeperOptions {
  db: Database;
  config: Pick<Config, "apps">;
  authorizer: Authorizer;
  stops: { ask(run: number): void };
  wakeOutbox: () => void;
  now: Clock;
}

export function createLockKeeper({
  db,
  config,
  authorizer,
  stops,
  wakeOutbox,
  now,
}: LockKeeperOptions): LockKeeper {
  async function runHolding(target: string, { askedAt, place }: TakeOver): Promise<Row<"run">> {
    const lock = await lockOf(db, target);
    const run = lock && (await runByNumber(db, lock.run));
    if (!run)
      throw new UserError(`${target} is not locked.`, {
        why: "No run holds it.",
        next: "`locks` lists what is held.",
      });
    if (await isHidden(db, run.incident, place)) throw await lockedError(db, lock, null);
    if (lock.taken_at > askedAt)
      throw new UserError(`${target} was locked anew by R${lock.run} since you asked.`, {
        why: "What you wanted to take over has ended.",
        next: "`locks` lists what is held.",
      });
    return run;
  }

  return {
    async takeOver(target, by) {
      const { actor, reason, cause } = by;
      const run = await runHolding(target, by);
      await authorizer.demand(actor, "lock:take", { app: run.app, environment: run.environment });
      const app = run.app === null ? undefined : config.apps[run.app];
      const onCall: OnCall = app === undefined ? { is: "no" } : await authorizer.isOnCall(actor, app);
      if (onCall.is !== "yes") {
        throw new UserError("Only whoever is on call for the app may take a lock over.", {
          why:
            onCall.is === "unknown"
              ? `PagerDuty does not say who is on call for ${run.app}.`
              : `You are not on call for ${run.app}.`,
          next: "`oncall` says who is.",
        });
      }
      const broken = await db.transaction().execute(async (trx) => {
        await askToStop(trx, run.number, actor, now());
        const from = actorName(run.actor);
        await appendEntry(trx, {
          stream: streamOf(run.incident, run.plan),
          at: now(),
          key: `lock:${cause}`,
          actor,
          fact: { kind: "lock.taken-over", target, run: run.number, from },
        });
        const lock = await breakLock(trx, target, run.number);
        if (!lock)
          throw new UserError(`${target} is not locked any more.`, {
            why: "Its run has just let go of it.",
            next: "Go on: it is free.",
          });
        if (lock.holder.kind === "person" && /^[UW]/.test(lock.holder.id)) {
          const told = line(
            `${actorName(actor)} took the lock of ${target} over from your run R${lock.run}${reason === null ? "" : `: ${reason}`}. It stops before its next change.`,
          );
          const telling = { key: `lock:${cause}:told`, about: run.incident };
          await say(trx, telling, { do: "direct", user: lock.holder.id, view: told }, now());
        }
        return lock;
      });
      stops.ask(broken.run);
      wakeOutbox();
      return broken;
    },
  };
}

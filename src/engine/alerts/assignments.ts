import { addMilliseconds } from "date-fns/addMilliseconds";
import { type Actor, actorName, sameActor } from "../../domain/actor.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { formatDuration } from "../../domain/deadline.ts";
import { UserError } from "../../domain/errors.ts";
import { isConfidential } from "../../domain/incident.ts";
import { alertById, assignAlert, lockAlert, tellUnassigned } from "../../store/alerts.ts";
import type { Database } from "../../store/database.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { appChannel, ownerMention } from "../owners.ts";
import { say } from "../record.ts";
import { alertName, unassignedView } from "./alert-view.ts";
import { showWarning } from "./show-warning.ts";

export interface AssignmentsOptions {
  db: Database;
  config: Pick<Config, "apps" | "slack" | "teams" | "contacts" | "deadlines">;
  wakeOutbox: () => void;
  now: Clock;
}

/** Warnings page nobody, so each is somebody's: whoever takes it first, and within the hour. */
export interface Assignments {
  /** Throws a UserError for what is no warning that can be seen. */
  find(alert: number): Promise<Row<"alert">>;
  take(alert: number, actor: Actor): Promise<Row<"alert">>;
  /** The hour is over: what nobody has taken is told to the app's owner, with what is about as old. */
  due(alert: number): Promise<undefined>;
}

/** ms: warnings of one app whose hours end within this long are told together. */
const TOGETHER = 300_000;

function noWarning(alert: number): UserError {
  return new UserError(`There is no warning A${alert}.`, {
    why: "No warning has this number.",
    next: "Its message in the app's channel shows the number.",
  });
}

function clock(at: Date | null): string {
  return at === null ? "" : ` at ${at.toISOString().slice(11, 16)} UTC`;
}

export function createAssignments({ db, config, wakeOutbox, now }: AssignmentsOptions): Assignments {
  const { assign } = config.deadlines;

  async function find(alert: number): Promise<Row<"alert">> {
    const row = await alertById(db, alert);
    // A confidential one is told of in its incident's channel alone.
    if (row === undefined || row.level !== "warning" || isConfidential(row.kind)) throw noWarning(alert);
    return row;
  }

  function refusal({ status, title, assigned_to: to, ...row }: Row<"alert">, actor: Actor): UserError | null {
    if (status === "resolved")
      return new UserError(`${title} is over.`, {
        why: `It resolved${clock(row.ends_at)}.`,
        next: "There is nothing left to take.",
      });
    if (to === null || !sameActor(to, actor)) return null;
    return new UserError(`${title} is yours already.`, {
      why: `You took it${clock(row.assigned_at)}.`,
      next: "Whoever else types `take` with its number takes it over.",
    });
  }

  return {
    find,

    async take(alert, actor) {
      await find(alert);
      const taken = await db.transaction().execute(async (trx) => {
        const before = (await lockAlert(trx, alert))!;
        const refused = refusal(before, actor);
        if (refused !== null) throw refused;
        const at = now();
        const { title, app, assigned_to: from } = before;
        await appendEntry(trx, {
          stream: "crai",
          at,
          key: `alert.taken:${alert}:${at.toISOString()}`,
          actor,
          fact: { kind: "alert.taken", alert, title, app, from: from === null ? null : actorName(from) },
        });
        const after = await assignAlert(trx, alert, actor, at);
        await showWarning(trx, config, after, at);
        return after;
      });
      wakeOutbox();
      return taken;
    },

    async due(alert) {
      const row = await alertById(db, alert);
      if (row === undefined || row.unassigned_told_at !== null) return undefined;
      const at = now();
      const before = addMilliseconds(at, Math.min(TOGETHER, assign / 4) - assign);
      await db.transaction().execute(async (trx) => {
        const open = await tellUnassigned(trx, { app: row.app, before, at });
        const channel = appChannel(config, row.app);
        if (open.length === 0) return;
        const owner = (row.app === null ? undefined : config.apps[row.app]?.owner) ?? "everybody here";
        const titles = open.map((one) => one.title);
        await appendEntry(trx, {
          stream: "crai",
          at,
          key: `alert.unassigned:${open.map(alertName).join(",")}`,
          actor: { kind: "observer" },
          fact: { kind: "alert.unassigned", app: row.app, titles, owner },
        });
        if (channel === undefined) return;
        const view = unassignedView(open, {
          owner: ownerMention(config, owner),
          lasted: formatDuration(assign),
        });
        const telling = { key: `alert:${alert}:unassigned`, about: null };
        await say(trx, telling, { do: "post", channel: { id: channel }, view }, at);
      });
      wakeOutbox();
      return undefined;
    },
  };
}

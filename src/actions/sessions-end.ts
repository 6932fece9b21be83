import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { askDatabase, callsOf, demandDatabase, psqlLine } from "./diagnose/psql.ts";
import { counted } from "./diagnose/texts.ts";
import {
  endQuery,
  Idle,
  idleQuery,
  type Kind,
  kinds,
  type Session,
  StillThere,
  stillThereQuery,
} from "./sessions/idle-sessions.ts";

const Params = z.strictObject({
  kind: z
    .enum(Object.keys(kinds) as [Kind, ...Kind[]])
    .default("in-transaction")
    .describe("idle in a transaction (they hold locks), merely idle, or both"),
  idle: Duration.default(600_000).describe("how long they have waited for their client at least"),
});

type SessionsState = { kind: Kind; idleMs: number; sessions: Pick<Session, "pid" | "began">[] };

/** ms */
const lookEvery = 1000;
const mostShown = 12;
/** At once; what is left can be ended by a second plan. */
const mostEnded = 200;

function sessionText({ user, app, state, idleSeconds }: Session): string {
  const by = cleanLine(app) === "" ? "" : `, ${cleanLine(app).slice(0, 40)}`;
  return `${cleanLine(user)}${by}: ${state} for ${formatDuration(idleSeconds * 1000)}`;
}

/**
 * Ends connections of the app's database that wait for their client. Only those that the plan has named, by pid and
 * start of their process, and only while they still wait; texts of queries stay in the database.
 */
export const sessionsEnd = defineAction<z.infer<typeof Params>, SessionsState>({
  name: "sessions-end",
  params: Params,
  permission: "session:end",

  async plan({ kind, idle }, context) {
    const database = demandDatabase(context);
    const query = idleQuery({ kind, idleMs: idle });
    const found = await askDatabase(database, context, { query, shape: Idle });
    const sessions = found.sessions.slice(0, mostEnded);
    const more = found.sessions.length - Math.min(mostShown, sessions.length);
    return {
      title: `End ${counted(sessions.length, "connection")} of ${database.name}`,
      calls: callsOf(database),
      facts: [
        ...sessions.slice(0, mostShown).map((session) => ({
          label: `pid ${session.pid}`,
          value: sessionText(session),
        })),
        ...(more > 0 ? [{ label: "And", value: counted(more, "more connection") }] : []),
        ...(found.spared === 0
          ? []
          : [
              {
                label: "Left alone",
                value: `${counted(found.spared, "connection")} of superusers and replication`,
              },
            ]),
      ],
      diff: null,
      kubectl: [psqlLine(database, endQuery(sessions.slice(0, 3), { kind, idleMs: idle }))].slice(
        0,
        sessions.length > 0 ? 1 : 0,
      ),
      warnings:
        sessions.length === 0
          ? [
              {
                level: "block",
                text: `There is nothing to end: no connection of ${database.name} has been ${kind === "both" ? "idle" : kinds[kind][0]} for ${formatDuration(idle)}.`,
                next: "Ask for a shorter time with `--idle`, or for others with `--kind`.",
              },
            ]
          : [
              {
                level: "warn",
                text: "What these connections have not committed is lost; their clients have to connect anew.",
                next: "Read who they are before you say yes.",
              },
            ],
      // Connections come and go: those that are there now are what is agreed to, and no other is ended.
      fingerprint: digest([database.target, database.name, kind, idle]),
      inverse: null,
      // Not in the middle of a restore.
      targets: [database.target],
      state: { kind, idleMs: idle, sessions: sessions.map(({ pid, began }) => ({ pid, began })) },
    };
  },

  lookEvery: () => lookEvery,

  async apply({ sessions, ...idling }, context) {
    const query = endQuery(sessions, idling);
    await askDatabase(demandDatabase(context), context, { query, shape: z.number() });
  },

  async observe({ sessions, ...idling }, context) {
    const query = stillThereQuery(sessions, idling);
    const left = await askDatabase(demandDatabase(context), context, { query, shape: StillThere });
    if (left.waiting > 0)
      return { state: "pending", detail: `${counted(left.waiting, "connection")} still to be ended` };
    const gone = sessions.length - left.there;
    return {
      state: "done",
      evidence: [
        { what: `${gone} of ${counted(sessions.length, "connection")} ended`, ok: gone > 0 ? true : null },
        ...(left.there === 0
          ? []
          : [{ what: `${counted(left.there, "connection")} left alone: in use again`, ok: null }]),
      ],
    };
  },
});

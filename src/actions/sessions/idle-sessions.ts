import { z } from "zod";

/** Which connections may be ended, by the word that people type. */
export const kinds = {
  "in-transaction": ["idle in transaction", "idle in transaction (aborted)"],
  idle: ["idle"],
  both: ["idle in transaction", "idle in transaction (aborted)", "idle"],
} as const;
export type Kind = keyof typeof kinds;

export const Session = z.object({
  pid: z.int().positive(),
  /** When its process began, in microseconds since 1970: with the pid it names one connection for good. */
  began: z.string().regex(/^\d{1,20}$/),
  user: z.string(),
  app: z.string(),
  state: z.string(),
  idleSeconds: z.number(),
});
export type Session = z.infer<typeof Session>;

const began = "(extract(epoch from a.backend_start) * 1000000)::bigint";

/** Client connections to this very database; never our own, and none of crai's. */
const clients = `from pg_stat_activity a join pg_roles r on r.oid = a.usesysid
 where a.datname = current_database() and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
 and a.application_name not like 'crai%'`;
/** Whoever keeps the database, or copies it, knows what they do. */
const ordinary = "not r.rolsuper and not r.rolreplication";

const shown = `jsonb_build_object('pid', a.pid, 'began', ${began}::text, 'user', a.usename, 'app', a.application_name,
 'state', a.state, 'idleSeconds', floor(extract(epoch from clock_timestamp() - a.state_change)))`;

function oneLine(query: string): string {
  return query.replaceAll(/\s+/g, " ");
}

/** In such a state, and without a break for so long: one that has worked meanwhile is none of them. */
export interface Idling {
  kind: Kind;
  idleMs: number;
}

function idles({ kind, idleMs }: Idling): string {
  const states = kinds[kind].map((state) => `'${state}'`).join(", ");
  return `a.state in (${states}) and a.state_change < clock_timestamp() - interval '${Math.round(idleMs)} milliseconds'`;
}

/** Those that have waited for so long, and how many more it would be with the ones that are never ended. */
export function idleQuery(idling: Idling): string {
  return oneLine(`select jsonb_build_object(
 'sessions', coalesce(jsonb_agg(${shown} order by a.state_change) filter (where ${ordinary}), '[]'),
 'spared', count(*) filter (where not (${ordinary})))
 ${clients} and ${idles(idling)}`);
}
export const Idle = z.object({ sessions: z.array(Session), spared: z.number() });

function among(sessions: readonly Pick<Session, "pid" | "began">[]): string {
  return `(a.pid, ${began}) in (${sessions.map(({ pid, began: at }) => `(${pid}, ${at})`).join(", ")})`;
}

/** How many of these are still there, and how many of them still wait. */
export function stillThereQuery(sessions: readonly Pick<Session, "pid" | "began">[], idling: Idling): string {
  return oneLine(`select jsonb_build_object('there', count(*), 'waiting', count(*) filter (where ${idles(idling)}))
 ${clients} and ${among(sessions)}`);
}
export const StillThere = z.object({ there: z.number(), waiting: z.number() });

/** Ends those of them that still wait; the pid of one that is gone, or works again, is left alone. */
export function endQuery(sessions: readonly Pick<Session, "pid" | "began">[], idling: Idling): string {
  return oneLine(`with waiting as materialized (
 select a.pid ${clients} and ${ordinary} and ${idles(idling)} and ${among(sessions)})
 select count(*) filter (where pg_terminate_backend(pid)) from waiting`);
}

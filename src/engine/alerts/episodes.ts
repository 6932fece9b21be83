import { addMilliseconds } from "date-fns/addMilliseconds";
import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { min } from "date-fns/min";
import type { AlertSource } from "../../domain/actor.ts";
import type { Incident } from "../../domain/incident.ts";
import type { FactOf } from "../../domain/timeline.ts";
import { toldBy } from "../../store/alerts.ts";
import type { Queries } from "../../store/database.ts";
import { updateIncident } from "../../store/incidents.ts";
import type { Row } from "../../store/tables.ts";
import { setEscalation } from "../escalation/climb.ts";
import { appendEntry } from "../../store/timeline.ts";

type Began = Pick<FactOf<"episode.began">, "why"> & { since: Date | null };

export interface EpisodeOptions {
  /** ms within which the alerts of one trouble begin. */
  together: number;
  /** ms after which the chain is called for what nobody acknowledges; null: there is no chain. */
  escalate: number | null;
  now: Date;
}

/** The first of several alerts that fire: what began with it began with all of them. */
function firstOf(fired: readonly Row<"alert">[]): Row<"alert"> | undefined {
  const firing = fired.filter(({ status }) => status === "firing");
  const start = min(firing.map((row) => row.starts_at));
  return firing.find((row) => row.starts_at.getTime() === start.getTime());
}

/** Whether an alert that comes to an incident is its trouble begun anew; undefined: it is a part of the one that is known. */
async function howAnew(
  trx: Queries,
  incident: Incident,
  { source, title, starts_at: startsAt }: Row<"alert">,
  { together, now }: EpisodeOptions,
): Promise<Began | undefined> {
  const { status, mitigatedAt, episodeAt } = incident;
  if (status === "mitigated" && mitigatedAt !== null)
    return startsAt > mitigatedAt ? { why: "mitigated", since: mitigatedAt } : undefined;
  const { firing, lastEnd, titles, othersFiring } = await toldBy(trx, incident.number, source);
  // One system's word that follows another's tells of the same trouble.
  const isEcho = othersFiring && differenceInMilliseconds(now, episodeAt) < together;
  if (lastEnd !== null && firing === 0 && startsAt > lastEnd && lastEnd > episodeAt && !isEcho)
    return { why: "over", since: lastEnd };
  const isLate = differenceInMilliseconds(startsAt, episodeAt) > together;
  return titles.length > 0 && !titles.includes(title) && isLate ? { why: "another", since: null } : undefined;
}

/**
 * Looks whether the trouble of a known incident begins anew with alerts that are about to be attached to it, and records
 * it: what was mitigated is open again. Returns the incident as it stands then; its row must be locked.
 */
export async function beginAnew(
  trx: Queries,
  incident: Incident,
  fired: readonly Row<"alert">[],
  options: EpisodeOptions,
): Promise<Incident> {
  const first = firstOf(fired);
  const began = first && (await howAnew(trx, incident, first, options));
  if (!first || !began) return incident;
  const { why, since } = began;
  const episode = incident.episode + 1;
  const entry = {
    stream: `incident:${incident.number}`,
    at: options.now,
    actor: { kind: "alert", source: first.source satisfies AlertSource },
  } as const;
  await appendEntry(trx, {
    ...entry,
    key: `episode:${episode}`,
    fact: {
      kind: "episode.began",
      episode,
      title: first.title,
      why,
      since: since === null ? null : since.toISOString(),
    },
  });
  if (options.escalate !== null)
    await setEscalation(trx, { ...incident, episode }, addMilliseconds(options.now, options.escalate));
  const change = { episode, episodeAt: first.starts_at };
  if (why !== "mitigated") return updateIncident(trx, incident.number, change);
  await appendEntry(trx, {
    ...entry,
    key: `incident.reopened:episode:${episode}`,
    fact: { kind: "incident.reopened", reason: null },
  });
  return updateIncident(trx, incident.number, { ...change, status: "open", mitigatedAt: null });
}

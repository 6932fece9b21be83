import { quoted } from "../domain/clean-text.ts";
import { UserError } from "../domain/errors.ts";
import { type Incident, isConfidential } from "../domain/incident.ts";
import type { Queries } from "../store/database.ts";
import { type Audience, incidentByNumber } from "../store/incidents.ts";
import { planByNumber, type StoredPlan } from "../store/plans.ts";
import { runByNumber } from "../store/runs.ts";
import type { Row } from "../store/tables.ts";
import { noPlan, noRun } from "./commands/references.ts";
import type { Place } from "./commands/invocation.ts";
import type { ChannelRef, PagerMessage, SlackMessage } from "./ports.ts";

/**
 * A confidential incident, and every plan and run in it, is heard of only where nobody but its members is: in its own
 * channel, and at the command line of whoever holds the database itself. To anybody else it is as if it did not exist,
 * in the very words that are said of what never was.
 */

export type Asked = Pick<Place, "surface" | "channel">;

/** Who reads a list that is asked for here. */
export function audienceOf({ surface, channel }: Asked): Audience {
  return surface === "cli" ? "everything" : { channel };
}

function isFor(incident: Pick<Incident, "kind" | "channel">, place: Asked): boolean {
  if (!isConfidential(incident.kind) || place.surface === "cli") return true;
  return incident.channel !== null && incident.channel === place.channel;
}

/** Whether what belongs to this incident is as if it did not exist here. */
export async function isHidden(db: Queries, incident: number | null, place: Asked): Promise<boolean> {
  const found = incident === null ? undefined : await incidentByNumber(db, incident);
  return found !== undefined && !isFor(found, place);
}

/** The incident that `12` or `inc-0012-…` names. */
export async function findIncident(db: Queries, text: string, place: Asked): Promise<Incident> {
  const number = /^(?:inc-)?0*(\d{1,9})(?:-.*)?$/i.exec(text)?.[1];
  const incident = number === undefined ? undefined : await incidentByNumber(db, Number(number));
  if (incident && isFor(incident, place)) return incident;
  throw new UserError(`There is no incident ${quoted(text)}.`, {
    why: "No incident that you can see from here has this number.",
    next: "`incident list` shows them.",
  });
}

export async function findPlan(db: Queries, number: number, place: Asked): Promise<StoredPlan> {
  const stored = await planByNumber(db, number);
  if (stored && !(await isHidden(db, stored.plan.incident, place))) return stored;
  throw noPlan(number);
}

export async function findRun(db: Queries, number: number, place: Asked): Promise<Row<"run">> {
  const run = await runByNumber(db, number);
  if (run && !(await isHidden(db, run.incident, place))) return run;
  throw noRun(number);
}

function isIn(channel: ChannelRef, incident: Incident): boolean {
  return "incident" in channel ? channel.incident === incident.number : channel.id === incident.channel;
}

/** Whether a message that tells of an incident may go where it is to go. A direct one is for somebody who takes part. */
export function mayTell(incident: Incident, message: SlackMessage): boolean {
  if (!isConfidential(incident.kind)) return true;
  switch (message.do) {
    case "open-channel":
      return message.private;
    case "post":
    case "invite":
    case "topic":
    case "rename":
      return isIn(message.channel, incident);
    case "ephemeral":
    case "react":
      return isIn({ id: message.channel }, incident);
    case "direct":
      return true;
    case "home":
      return false;
  }
}

/** Of a confidential incident no copy stands anywhere else. */
export function withoutOthers<Message extends SlackMessage>(incident: Incident, message: Message): Message {
  if (!isConfidential(incident.kind) || message.do !== "post" || message.elsewhere === undefined)
    return message;
  const { channel: _, ...elsewhere } = message.elsewhere;
  return { ...message, elsewhere };
}

/** What PagerDuty, which everybody on call reads, is told of an incident: of a confidential one no words, only states. */
export function forPager(incident: Incident, message: PagerMessage): PagerMessage | null {
  if (!isConfidential(incident.kind)) return message;
  switch (message.do) {
    case "acknowledge":
    case "resolve":
    case "reopen":
    case "end-page":
      return message;
    case "note":
      return null;
    case "page":
      return { ...message, title: message.discreet, body: message.discreet };
  }
}

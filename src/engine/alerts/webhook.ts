import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { AlertSource } from "../../domain/actor.ts";
import { formatDuration } from "../../domain/deadline.ts";

/** What one webhook is about, in our own words, ready to be stored. */
export interface Received {
  /** The sender's id of the delivery; null: it has none, every delivery is one. */
  key: string | null;
  body: object;
  /** The latest moment it tells of, by the sender's clock. */
  latest: Date;
  /** When it was first sent; null: the sender repeats what still holds, however old. */
  sent: Date | null;
}

/** ms between the sender's clock and ours that are no reason to doubt it. */
const SKEW = 5 * 60_000;
/** ms for which PagerDuty tries to deliver an event: an older one is somebody's copy. */
const RETRIED = 48 * 3_600_000;

/** Why the times in it are not to be believed; null: they are. */
export function refuseTimes({ latest, sent }: Pick<Received, "latest" | "sent">, now: Date): string | null {
  const ahead = latest.getTime() - now.getTime();
  if (ahead > SKEW)
    return `it tells of something ${formatDuration(ahead)} in the future (one of the two clocks is wrong)`;
  if (sent !== null && now.getTime() - sent.getTime() > RETRIED + SKEW)
    return `it is ${formatDuration(now.getTime() - sent.getTime())} old, and nobody repeats an event for longer than 48h`;
  return null;
}

/** One way in for alerts. The raw bytes are authenticated before anything of them is parsed. */
export interface Webhook {
  source: AlertSource;
  /** Why it is refused; null: it is from whom it says. */
  refuse(headers: IncomingHttpHeaders, raw: Buffer): string | null;
  /** Throws a ZodError or SyntaxError for a body that is not what the source sends. */
  parse(raw: Buffer, headers: IncomingHttpHeaders): Received;
}

/** Compares without telling by its time how much was right; lengths may differ. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** `Authorization: Bearer …` as Alertmanager and Grafana send it. */
export function refuseBearer(headers: IncomingHttpHeaders, token: string | null): string | null {
  if (token === null) return "no token is configured for this source";
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (given === undefined) return "it carries no bearer token";
  return sameSecret(given, token) ? null : "its bearer token is wrong";
}

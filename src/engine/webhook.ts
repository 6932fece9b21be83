import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { AlertSource } from "../domain/actor.ts";

/** What one webhook is about, in our own words, ready to be stored. */
export interface Received {
  /** The sender's id of the delivery; null: it has none, every delivery is one. */
  key: string | null;
  body: object;
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

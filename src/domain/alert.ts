import { z } from "zod";
import { AlertSource } from "./actor.ts";
import { cleanLine } from "./clean-text.ts";

/** A monitoring system's signal, as every source is translated to. Text in it is untrusted. */
export const Alert = z.strictObject({
  source: AlertSource,
  /** The key by which two alerts of one source are the same alert. */
  fingerprint: z.string(),
  /** By which PagerDuty and an alertmanager know the same group of alerts; null: the source does not say. */
  group: z.string().nullable(),
  status: z.enum(["firing", "resolved"]),
  title: z.string(),
  /** critical: page and channel; warning: one message in the app's channel; info: a digest. */
  level: z.enum(["critical", "warning", "info"]),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime().nullable(),
  url: z.string().nullable(),
  /** PagerDuty's incident ID where the source is PagerDuty, so that acknowledging here shows there. */
  pagerdutyIncident: z.string().nullable(),
  pagerdutyService: z.string().nullable(),
});
export type Alert = z.infer<typeof Alert>;

/** More is no title, and it is repeated in lists, notifications and the channel's name. */
const longestTitle = 200;

/** A name for an alert that may be of any length and hold anything: one clean line. */
export function alertTitle(text: string): string {
  const line = cleanLine(text);
  const short = line.length <= longestTitle ? line : `${line.slice(0, longestTitle - 1).toWellFormed()}…`;
  return short || "Alert without a name";
}

/** True when all labels of one matcher equal the alert's. */
export function matches(
  matchers: readonly Record<string, string>[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return matchers.some((matcher) => {
    const wanted = Object.entries(matcher);
    return wanted.length > 0 && wanted.every(([label, value]) => labels[label] === value);
  });
}

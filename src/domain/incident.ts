import { z } from "zod";
import type { Severity } from "./severity.ts";

export const IncidentKind = z.enum(["outage", "security", "breach"]);
export type IncidentKind = z.infer<typeof IncidentKind>;

export const IncidentStatus = z.enum(["open", "mitigated", "resolved"]);
export type IncidentStatus = z.infer<typeof IncidentStatus>;

/** What a responder is for in one incident (not what they may do: that is a Role). */
export const IncidentRole = z.enum(["commander", "communications", "operations", "scribe"]);
export type IncidentRole = z.infer<typeof IncidentRole>;

export interface Incident {
  number: number;
  kind: IncidentKind;
  severity: Severity;
  status: IncidentStatus;
  title: string;
  app: string | null;
  environment: string | null;
  /** Slack channel ID once it exists; the incident never waits for it. */
  channel: string | null;
  channelName: string;
  pagerdutyIncident: string | null;
  roles: Partial<Record<IncidentRole, string>>;
  /** 1, and one more each time its trouble begins again. */
  episode: number;
  episodeAt: Date;
  /** When users began to be hurt as far as known: the first alert's start, or the declaration. UTC. */
  detectedAt: Date;
  acknowledgedAt: Date | null;
  mitigatedAt: Date | null;
  resolvedAt: Date | null;
  openedAt: Date;
}

/** Verbs on an incident: from which states, to which, and the time it stamps (once). */
export const incidentVerbs = {
  acknowledge: { from: ["open", "mitigated"], to: null, stamps: "acknowledgedAt" },
  mitigate: { from: ["open"], to: "mitigated", stamps: "mitigatedAt" },
  resolve: { from: ["open", "mitigated"], to: "resolved", stamps: "resolvedAt" },
  reopen: { from: ["mitigated", "resolved"], to: "open", stamps: null },
} as const satisfies Record<
  string,
  {
    from: readonly IncidentStatus[];
    to: IncidentStatus | null;
    stamps: "acknowledgedAt" | "mitigatedAt" | "resolvedAt" | null;
  }
>;
export type IncidentVerb = keyof typeof incidentVerbs;

/** Security and breach incidents are seen by their members only. */
export function isConfidential(kind: IncidentKind): boolean {
  return kind !== "outage";
}

/**
 * `inc-0412-api-errors`: lower case, digits and hyphens, at most 80 characters (conversations.create).
 * A confidential incident's name says nothing but its number.
 */
export function channelName(number: number, title: string, kind: IncidentKind): string {
  const prefix = `inc-${String(number).padStart(4, "0")}`;
  if (isConfidential(kind)) return prefix;
  const slug = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  return slug === "" ? prefix : `${prefix}-${slug}`;
}

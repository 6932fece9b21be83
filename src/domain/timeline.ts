import { z } from "zod";
import { type Actor, AlertSource } from "./actor.ts";
import { digest } from "./hash.ts";
import { IncidentKind, IncidentRole, IncidentStatus } from "./incident.ts";
import { Outcome, Verdict } from "./run.ts";
import { Severity } from "./severity.ts";

/** One thing seen in the world that an outcome rests on. Text may come from a cluster and is untrusted. */
export const Evidence = z.strictObject({
  what: z.string(),
  ok: z.boolean().nullable(),
  url: z.string().optional(),
});
export type Evidence = z.infer<typeof Evidence>;

const text = z.string();
const planRef = { plan: z.int() };
const runRef = { run: z.int() };
/** `call` counts the calls of one incident from 1; `to` is the level or contact that is called. */
const callRef = { call: z.int(), to: text };

/** Every fact a timeline can hold. A kind is added, never changed: old entries must stay readable for ever. */
export const Fact = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("incident.opened"),
    title: text,
    incidentKind: IncidentKind,
    severity: Severity,
    app: text.nullable(),
    environment: text.nullable(),
    cause: text,
  }),
  z.strictObject({ kind: z.literal("incident.acknowledged"), reason: text.nullable() }),
  /** `firing`: alerts of the incident that fired at that moment. */
  z.strictObject({
    kind: z.literal("incident.mitigated"),
    reason: text.nullable(),
    firing: z.array(text).optional(),
  }),
  z.strictObject({
    kind: z.literal("incident.resolved"),
    reason: text.nullable(),
    firing: z.array(text).optional(),
  }),
  z.strictObject({ kind: z.literal("incident.reopened"), reason: text.nullable() }),
  z.strictObject({
    kind: z.literal("severity.changed"),
    from: Severity,
    to: Severity,
    reason: text.nullable(),
  }),
  z.strictObject({ kind: z.literal("role.assigned"), role: IncidentRole, person: text, name: text }),
  z.strictObject({
    kind: z.literal("alert.fired"),
    source: AlertSource,
    fingerprint: text,
    title: text,
    url: text.nullable(),
  }),
  /** Somebody takes a warning; `from`: who had it before. */
  z.strictObject({
    kind: z.literal("alert.taken"),
    alert: z.int(),
    title: text,
    app: text.nullable(),
    from: text.nullable(),
  }),
  /** Nobody has taken these warnings in time, and their owner is told. */
  z.strictObject({
    kind: z.literal("alert.unassigned"),
    app: text.nullable(),
    titles: z.array(text),
    owner: text,
  }),
  z.strictObject({ kind: z.literal("alert.resolved"), source: AlertSource, fingerprint: text, title: text }),
  /** Nobody has said for long that it fires, nor that it is over. */
  z.strictObject({
    kind: z.literal("alert.silent"),
    source: AlertSource,
    fingerprint: text,
    title: text,
    since: z.iso.datetime(),
  }),
  /** The trouble began anew in an incident that was there: after it was over, after it was mitigated, or with another alert. */
  z.strictObject({
    kind: z.literal("episode.began"),
    episode: z.int(),
    title: text,
    why: z.enum(["over", "mitigated", "another"]),
    /** When it was over or mitigated; null: it was not. */
    since: z.iso.datetime().nullable(),
  }),
  z.strictObject({ kind: z.literal("alerts.still-firing"), status: IncidentStatus, titles: z.array(text) }),
  z.strictObject({
    kind: z.literal("pager.changed"),
    what: z.enum(["acknowledged", "resolved", "reopened", "noted"]),
    by: text,
  }),
  /** Somebody is called in. `people`: those who are asked, as Slack knows them; `id` null: it does not. */
  z.strictObject({
    kind: z.literal("escalation.called"),
    ...callRef,
    level: z.int().nullable(),
    people: z.array(z.strictObject({ id: text.nullable(), name: text })),
    /** Whether PagerDuty is asked to page them. */
    page: z.boolean(),
    /** Phone numbers and addresses, for people to use. */
    byHand: z.array(text),
    /** What could not be found out, and what was not done. */
    doubts: z.array(text),
    reason: text.nullable(),
    /** When it goes on to `next`, unless somebody answers. */
    until: z.iso.datetime(),
    next: text.nullable(),
  }),
  /** What PagerDuty said to the page; `why` null: it has taken it. */
  z.strictObject({ kind: z.literal("escalation.paged"), ...callRef, why: text.nullable() }),
  z.strictObject({
    kind: z.literal("escalation.answered"),
    ...callRef,
    by: text,
    how: z.enum(["taken", "acknowledged", "PagerDuty"]),
  }),
  z.strictObject({ kind: z.literal("escalation.unanswered"), ...callRef, next: text.nullable() }),
  z.strictObject({ kind: z.literal("channel.opened"), channel: text, name: text }),
  /** Slack does not let crai write there, or open it; `why` in words or as Slack's code. */
  z.strictObject({ kind: z.literal("channel.closed"), name: text, why: text }),
  z.strictObject({ kind: z.literal("note.added"), text, link: text.nullable() }),
  z.strictObject({ kind: z.literal("message.pinned"), text, author: text, link: text.nullable() }),
  /** A correction: the entry it amends stays as it was. */
  z.strictObject({ kind: z.literal("entry.amended"), seq: z.int(), text }),
  z.strictObject({
    kind: z.literal("plan.made"),
    ...planRef,
    title: text,
    hash: text,
    targets: z.array(text),
    facts: z.array(z.strictObject({ label: text, value: text })),
    diff: text.nullable(),
    kubectl: z.array(text),
  }),
  z.strictObject({ kind: z.literal("plan.voided"), ...planRef, why: text }),
  z.strictObject({ kind: z.literal("approval.asked"), ...planRef, risk: text, until: z.iso.datetime() }),
  z.strictObject({
    kind: z.literal("approval.given"),
    ...planRef,
    how: z.enum(["confirmed", "approved", "break-glass"]),
    reason: text.nullable(),
  }),
  z.strictObject({ kind: z.literal("approval.denied"), ...planRef, reason: text.nullable() }),
  z.strictObject({ kind: z.literal("run.started"), ...runRef, ...planRef, title: text }),
  z.strictObject({ kind: z.literal("step.intended"), ...runRef, step: text, title: text }),
  z.strictObject({
    kind: z.literal("step.finished"),
    ...runRef,
    step: text,
    title: text,
    outcome: Outcome,
    detail: text.nullable(),
    evidence: z.array(Evidence),
  }),
  /** `title`: of the step, or the item of its checklist. */
  z.strictObject({
    kind: z.literal("step.answered"),
    ...runRef,
    step: text,
    title: text,
    answer: text,
    note: text.nullable(),
  }),
  /** Items of a checklist that nobody had ticked by their time. */
  z.strictObject({
    kind: z.literal("step.overdue"),
    ...runRef,
    step: text,
    title: text,
    items: z.array(text),
  }),
  z.strictObject({ kind: z.literal("run.stop-asked"), ...runRef, reason: text.nullable() }),
  z.strictObject({
    kind: z.literal("run.finished"),
    ...runRef,
    outcome: Outcome,
    verdict: Verdict.nullable(),
    detail: text.nullable(),
  }),
  /** What else changed before the trouble that a run did not cure. */
  z.strictObject({ kind: z.literal("suspects.named"), ...runRef, suspects: z.array(text) }),
  z.strictObject({ kind: z.literal("lock.taken-over"), target: text, ...runRef, from: text }),
  z.strictObject({ kind: z.literal("command.refused"), command: text, what: text, why: text.nullable() }),
  /** Copies of what was there, kept before anything is changed; `sha256` is of their manifest, which names each file's. */
  z.strictObject({
    kind: z.literal("evidence.collected"),
    ...runRef,
    step: text,
    app: text,
    environment: text,
    files: z.int(),
    bytes: z.int(),
    sha256: text,
    missing: z.array(text),
  }),
  z.strictObject({ kind: z.literal("evidence.exported"), files: z.int(), sha256: text }),
  /** A playbook's day of review has passed, and its owner is told. `nextReview` is an ISO 8601 date. */
  z.strictObject({ kind: z.literal("review.due"), playbook: text, owner: text, nextReview: text }),
  z.strictObject({ kind: z.literal("export.made"), format: text, sha256: text }),
]);
export type Fact = z.infer<typeof Fact>;
export type FactOf<Kind extends Fact["kind"]> = Extract<Fact, { kind: Kind }>;

/** A stream is one hash chain: an incident's, or that of a plan (and its run) outside any incident. */
export type Stream = `incident:${number}` | `plan:${number}` | "crai";

export interface TimelineEntry {
  stream: Stream;
  /** 1-based and gapless within the stream. */
  seq: number;
  /** When it happened, UTC. */
  at: Date;
  actor: Actor;
  fact: Fact;
  /** Hash of the entry before it; `GENESIS` for the first. */
  previous: string;
  hash: string;
}

export const GENESIS = "0".repeat(64);

/** The hash that seals an entry to the one before it. */
export function sealEntry(entry: Omit<TimelineEntry, "hash">): string {
  return digest({ ...entry, at: entry.at.toISOString() });
}

export type ChainCheck = { intact: true; entries: number } | { intact: false; seq: number; why: string };

/** Walks one stream from its first entry and names the first that does not follow from the one before. */
export function verifyChain(entries: readonly TimelineEntry[]): ChainCheck {
  let previous = GENESIS;
  for (const [index, entry] of entries.entries()) {
    const seq = index + 1;
    if (entry.seq !== seq) return { intact: false, seq, why: `entry ${seq} is missing` };
    if (entry.previous !== previous)
      return { intact: false, seq, why: "does not follow from the entry before it" };
    const { hash, ...content } = entry;
    if (sealEntry(content) !== hash)
      return { intact: false, seq, why: "its content was changed after it was written" };
    previous = hash;
  }
  return { intact: true, entries: entries.length };
}

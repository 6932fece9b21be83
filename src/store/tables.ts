import type { ColumnType, Generated, JSONColumnType, Selectable } from "kysely";
import type { Actor } from "../domain/actor.ts";
import type { Alert } from "../domain/alert.ts";
import type { IncidentKind, IncidentRole, IncidentStatus } from "../domain/incident.ts";
import type { Plan, PlanStatus, PlannedStep } from "../domain/plan.ts";
import type { ReadingsKept } from "../domain/readings.ts";
import type { Executor, Outcome, StepAnswer, Verdict } from "../domain/run.ts";
import type { Severity } from "../domain/severity.ts";
import type { Evidence, Fact, Stream } from "../domain/timeline.ts";

/** bigint columns arrive as numbers (database.ts sets the parser: none of ours nears 2^53). */
type Json<T> = ColumnType<T, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>;

export interface IncidentTable {
  number: Generated<number>;
  key: string;
  kind: IncidentKind;
  severity: Severity;
  status: IncidentStatus;
  title: string;
  app: string | null;
  environment: string | null;
  channel: string | null;
  channel_name: string;
  pagerduty_incident: string | null;
  roles: JSONColumnType<Partial<Record<IncidentRole, string>>>;
  /** 1, and one more each time its trouble begins again. */
  episode: Generated<number>;
  episode_at: Date;
  opened_at: Date;
  detected_at: Date;
  acknowledged_at: Date | null;
  mitigated_at: Date | null;
  resolved_at: Date | null;
}

/** One row per alert occurrence (source, fingerprint, starts_at); repeats only count up. */
export interface AlertTable {
  id: Generated<number>;
  source: Alert["source"];
  fingerprint: string;
  /** By which the same group is known to every source that tells of it. */
  group_key: string | null;
  kind: Generated<IncidentKind>;
  starts_at: Date;
  ends_at: Date | null;
  status: Alert["status"];
  level: Alert["level"];
  title: string;
  app: string | null;
  environment: string | null;
  incident: number | null;
  received: Generated<number>;
  last_received_at: Date;
  /** Since when it counts as not heard of; null: it is heard, or over. */
  silent_at: Date | null;
  /** When its source was last asked how it stands. */
  asked_at: Date | null;
  /** Who has taken a warning; null: nobody yet. */
  assigned_to: NullableJson<Actor>;
  assigned_at: Date | null;
  /** When its app's owner was told that nobody had taken it. */
  unassigned_told_at: Date | null;
  /** Arrivals that a digest has told of. */
  digested: Generated<number>;
  body: JSONColumnType<Alert>;
}

export interface TimelineEntryTable {
  stream: Stream;
  seq: number;
  at: Date;
  /** Its cause; a second append of the same cause is a no-op. */
  key: string;
  actor: JSONColumnType<Actor>;
  fact: JSONColumnType<Fact>;
  previous: string;
  hash: string;
}

/** The head of each chain: appending locks this row, so that a stream has one writer at a time. */
export interface StreamTable {
  stream: Stream;
  seq: number;
  hash: string;
}

export interface PlanTable {
  number: Generated<number>;
  /** Its cause (the invocation, the alert): planning again for the same cause finds the same row. */
  key: string;
  document: JSONColumnType<Plan>;
  hash: string;
  fingerprint: string;
  status: PlanStatus;
  why: string | null;
  app: string | null;
  environment: string | null;
  incident: number | null;
  actor_key: string;
  /** Slack channel it was asked in, where its run reports when there is no incident. */
  channel: string | null;
  created_at: Date;
  expires_at: Date;
  /** When approvers were asked (and paged); break-glass counts from here. */
  asked_at: Date | null;
}

export interface ApprovalTable {
  plan: number;
  actor_key: string;
  actor: JSONColumnType<Actor>;
  decision: "confirmed" | "approved" | "break-glass" | "denied";
  reason: string | null;
  plan_hash: string;
  at: Date;
}

export interface RunTable {
  number: Generated<number>;
  plan: number;
  app: string | null;
  environment: string | null;
  incident: number | null;
  actor: JSONColumnType<Actor>;
  executor: Executor;
  status: "queued" | "running" | "finished";
  outcome: Outcome | null;
  verdict: Verdict | null;
  detail: string | null;
  stop_asked_by: NullableJson<Actor>;
  stop_asked_at: Date | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
}

/** intent -> acted -> finished; `intent` is written before anything is touched. */
export interface RunStepTable {
  run: number;
  step: string;
  position: number;
  phase: "intended" | "acted" | "finished";
  document: JSONColumnType<PlannedStep>;
  outcome: Outcome | null;
  detail: string | null;
  evidence: JSONColumnType<Evidence[]>;
  /** What it found, as data. */
  found: NullableJson<object | string | number | boolean>;
  /** Grows with each try. */
  attempt: Generated<number>;
  intended_at: Date;
  acted_at: Date | null;
  finished_at: Date | null;
}

/** What people said to a step that asks: one row an item, and the first answer to it counts. */
export interface StepAnswerTable {
  run: number;
  step: string;
  item: string;
  actor: JSONColumnType<Actor>;
  value: JSONColumnType<{ is: StepAnswer["value"] }>;
  note: string | null;
  at: Date;
}

export interface LockTable {
  target: string;
  run: number;
  /** Grows with every taking; a writer with an older number has lost the lock. */
  fence: Generated<number>;
  holder: JSONColumnType<Actor>;
  taken_at: Date;
}

/** Everything that came in and was acknowledged: one INSERT, then the answer. */
export interface InboxTable {
  id: Generated<number>;
  source: "slack" | "pagerduty" | "alertmanager" | "grafana";
  /** The sender's own id of the delivery, so that a retry is one row. */
  key: string;
  body: JSONColumnType<object>;
  received_at: Date;
  done_at: Date | null;
  /** Why it was given up, or could not be carried out so far. */
  error: string | null;
  /** How often it could not be. */
  attempts: Generated<number>;
  /** When it is tried again; null: at once. */
  next_at: Date | null;
}

/** Everything that goes out, keyed by its cause. */
export interface OutboxTable {
  id: Generated<number>;
  key: string;
  system: "slack" | "pagerduty";
  /** Rows of one lane are delivered in order, one at a time (a Slack channel, a PagerDuty incident). */
  lane: string;
  message: JSONColumnType<object>;
  /** Grows when a newer state replaces the message (cards and progress: the latest wins). */
  version: Generated<number>;
  delivered_version: Generated<number>;
  /**
   * What the other side called it (channel and ts), so that a newer version is an edit; `version` is what stands there.
   * Of a change in PagerDuty: `id` of the user it was done as, `at` by PagerDuty's clock.
   */
  receipt: NullableJson<{ channel?: string; ts?: string; id?: string; version?: number; at?: string }>;
  attempts: Generated<number>;
  next_at: Date;
  failed_at: Date | null;
  error: string | null;
  created_at: Date;
  /** When the message became what it is now. */
  changed_at: Date;
}

export interface DeadlineTable {
  key: string;
  kind: string;
  subject: Json<Record<string, string | number>>;
  due_at: Date;
  done_at: Date | null;
}

/** One time that a playbook was to start by itself. */
export interface OccurrenceTable {
  playbook: string;
  /** `2026-11-23`, by the clocks of the team. */
  day: string;
  due_at: Date;
  /** When what people have to do in it should be done. */
  overdue_at: Date;
  /** crai was down, and a later one came before it was back. */
  missed: Generated<boolean>;
  plan: number | null;
  /** Why it could not begin. */
  trouble: string | null;
}

/** `subject`: a playbook for one app, or for none. */
export interface RotTable {
  subject: string;
  able: boolean;
  why: string | null;
  seen_at: Date;
}

export interface RevisionHealthTable {
  target: string;
  /** Digest of the pod template, so that a renumbered revision is still the same. */
  template: string;
  revision: number;
  /** Since when it has been seen fully available, under target and without an alert, without a break. */
  well_since: Date | null;
  healthy_at: Date | null;
  bad_at: Date | null;
  bad_why: string | null;
  seen_at: Date;
}

export interface WebhookTable {
  source: string;
  seen_at: Date | null;
  refused_at: Date | null;
  refused_why: string | null;
}

/** Random values that must stay the same from start to start. */
export interface SecretTable {
  name: string;
  value: string;
}

/** Who was in a Slack group or on call in a PagerDuty schedule when it was last told. `until` is ISO 8601, UTC. */
export interface MemberListTable {
  source: string;
  people: Json<{ slack: string | null; name: string; email: string | null; until: string | null }[]>;
  told_at: Date;
}

/** Which API server each cluster of crai.yaml was for `serve`: its URL and the SHA-256 of its CA. */
export interface ClusterEndpointTable {
  cluster: string;
  server: string;
  ca: string | null;
  seen_at: Date;
}

/** One row for each end that was asked for: resolved, or the last entry of one that is not over. */
export interface IncidentReadingsTable {
  incident: number;
  until: Date;
  document: JSONColumnType<ReadingsKept>;
  taken_at: Date;
}

export interface EvidenceFileTable {
  run: number;
  step: string;
  name: string;
  incident: number | null;
  sha256: string;
  content: Buffer;
  collected_at: Date;
}

export interface Tables {
  evidence_file: EvidenceFileTable;
  incident: IncidentTable;
  incident_readings: IncidentReadingsTable;
  alert: AlertTable;
  timeline_entry: TimelineEntryTable;
  stream: StreamTable;
  plan: PlanTable;
  approval: ApprovalTable;
  run: RunTable;
  run_step: RunStepTable;
  step_answer: StepAnswerTable;
  lock: LockTable;
  inbox: InboxTable;
  outbox: OutboxTable;
  deadline: DeadlineTable;
  occurrence: OccurrenceTable;
  rot: RotTable;
  revision_health: RevisionHealthTable;
  webhook: WebhookTable;
  secret: SecretTable;
  cluster_endpoint: ClusterEndpointTable;
  member_list: MemberListTable;
}

export type Row<Name extends keyof Tables> = Selectable<Tables[Name]>;

import type { Actor, Identity } from "../domain/actor.ts";
import type { Target } from "../domain/app.ts";
import type { Domain } from "../domain/job.ts";
import type { Chart } from "../domain/chart.ts";
import type { ResourceCall } from "../domain/plan.ts";
import type { Attachment, View } from "../domain/view.ts";

/** Any JSON; pod templates travel raw, because typed models drop the fields they do not know. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** What the adapter reads of a workload, whichever of the three kinds. */
export interface Workload {
  target: Target;
  uid: string;
  resourceVersion: string;
  generation: number;
  /** The whole object as the API server sent it. */
  raw: JsonObject;
  template: JsonObject;
  annotations: Record<string, string>;
  paused: boolean;
  replicas: number;
}

/** One entry of `kubectl rollout history`. */
export interface Revision {
  number: number;
  /** ReplicaSet or ControllerRevision. */
  name: string;
  createdAt: Date;
  template: JsonObject;
  annotations: Record<string, string>;
  changeCause: string | null;
  /** True for the revision the workload's template is at now. */
  current: boolean;
  raw: JsonObject;
}

/** kubectl's `rollout status`, as data. */
export type RolloutStatus =
  | { state: "done"; detail: string }
  | { state: "progressing"; detail: string }
  /** kubectl would exit non-zero (progress deadline exceeded, OnDelete, deleted). */
  | { state: "failed"; detail: string };

export interface PodFacts {
  name: string;
  uid: string;
  /** The revision it was made from: `pod-template-hash`, or `controller-revision-hash` of the other two kinds. */
  revision: string | null;
  createdAt: Date;
  /** It is being stopped. */
  deleting: boolean;
  ready: boolean;
  phase: string;
  restarts: number;
  image: string;
  /** Why it is not ready, as the kubelet says (CrashLoopBackOff, ImagePullBackOff, …) or the scheduler (Unschedulable). */
  reason: string | null;
  /** The sentence beside the reason; untrusted text. */
  message: string | null;
}

/** A ConfigMap or Secret that a template cannot start without. */
export interface Reference {
  kind: "ConfigMap" | "Secret";
  name: string;
  /** null: not checked, because the actor has no right to see it. */
  exists: boolean | null;
  /** Keys the template asks for that a ConfigMap lacks. */
  missingKeys: string[];
}

/** What else has a say in the number of replicas. */
export interface Autoscaler {
  kind: "HPA" | "KEDA";
  name: string;
  min: number;
  max: number;
}

export type Permit = { call: ResourceCall; allowed: boolean; reason: string | null };

export type PatchType = "json" | "merge" | "strategic";

/**
 * One cluster through the eyes of one actor: every call is made with that actor's identity, never with crai's own.
 * Errors: ClusterRefusal, a UserError, for what the person can act on (forbidden, not found);
 * ClusterUnreachable when no answer came; PatchConflict when the write lost a race.
 */
export interface Cluster {
  whoAmI(): Promise<Identity>;
  /** One SelfSubjectAccessReview per call, in parallel. */
  permits(calls: readonly ResourceCall[]): Promise<Permit[]>;
  workload(target: Target): Promise<Workload>;
  /** Newest last; paginated; only those controlled by the workload's UID. */
  revisions(workload: Workload): Promise<Revision[]>;
  /** Of the workload as it was read; reads nothing itself. */
  rolloutStatus(workload: Workload, options?: { revision?: number }): Promise<RolloutStatus>;
  pods(workload: Workload): Promise<PodFacts[]>;
  /** The ConfigMaps and Secrets a template needs, and whether they are there. Contents of Secrets are never read. */
  references(namespace: string, template: JsonObject): Promise<Reference[]>;
  /** A patch with its media type; `dryRun` sends dryRun=All. Returns the object as stored. */
  patch(
    target: Target,
    patch: { type: PatchType; body: Json; subresource?: "scale"; dryRun?: boolean; fieldManager: string },
  ): Promise<JsonObject>;
  /** Current desired replicas through the scale subresource. */
  scale(target: Target): Promise<{ replicas: number; resourceVersion: string }>;
  /** Those of the workload; null: the actor has no right to see them. */
  autoscalers(target: Target): Promise<Autoscaler[] | null>;
  deletePod(namespace: string, name: string, uid: string): Promise<void>;
  /**
   * Resolves when the workload or its pods changed since they were last read through this cluster and identity, or
   * after `ms`; never rejects, not even for a broken watch.
   */
  changed(target: Target, ms: number, signal?: AbortSignal): Promise<void>;
  serverVersion(): Promise<string>;
  objects: Objects;
}

/** One kind of object as an API server serves it. */
export interface ResourceKind {
  group: string;
  version: string;
  /** The plural that paths and rights name. */
  resource: string;
  namespaced: boolean;
}

/** Objects of one kind. `namespace` null: they have none, or those of all namespaces. */
export type ObjectsOf = Pick<ResourceCall, "group" | "version" | "resource" | "namespace">;
export type ObjectRef = ObjectsOf & { name: string };

export interface Written {
  fieldManager: string;
  dryRun?: boolean;
}

/** How a process in a container ended; `code` null: it was killed, or nobody knows. */
export interface ExecResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Objects of any kind, as raw JSON. Errors as of `Cluster`. */
export interface Objects {
  /** Refuses with `not-found` a kind that is not served. */
  kindOf(apiVersion: string, kind: string): Promise<ResourceKind>;
  /** null: there is none of that name. */
  get(ref: ObjectRef): Promise<JsonObject | null>;
  /** Page after page, so that 5,000 pods are never held at once. */
  list(
    of: ObjectsOf,
    query?: { labelSelector?: string; fieldSelector?: string },
  ): AsyncGenerator<JsonObject, void, undefined>;
  /** Refuses with `exists` when there is one of that name. */
  create(of: ObjectsOf, object: JsonObject, write: Written): Promise<JsonObject>;
  /**
   * Server-side apply: the object need not be there, and applying the same again changes nothing. Refuses with
   * `conflict`, naming managers and fields, when another manager owns a field and `force` is not set.
   */
  apply(ref: ObjectRef, object: JsonObject, write: Written & { force?: boolean }): Promise<JsonObject>;
  patch(
    ref: ObjectRef,
    patch: { type: PatchType; body: Json; subresource?: string } & Written,
  ): Promise<JsonObject>;
  /** Only the object with this UID. Dependents go after it. */
  remove(ref: ObjectRef, uid: string): Promise<void>;
  /** Refuses with `blocked` when a disruption budget does not allow it now. */
  evict(pod: { namespace: string; name: string; uid: string }): Promise<void>;
  /** The last lines of a container, oldest first; `previous`: of the one before its last restart. */
  logs(
    pod: { namespace: string; name: string; container?: string },
    query: { tailLines: number; sinceSeconds?: number; previous?: boolean },
  ): Promise<string>;
  /** Runs a program in a container, without a shell: every argument reaches it as it is. Ends after `timeoutMs`. */
  exec(
    pod: { namespace: string; name: string; container?: string },
    command: readonly string[],
    options: { timeoutMs: number; stdin?: string },
  ): Promise<ExecResult>;
}

export interface Clusters {
  /** Throws UserError when the actor has no identity: there is no fall-back to crai's own rights. */
  as(actor: Actor, cluster: string): Cluster;
  names(): string[];
  /** Which API server a name stands for: its URL and the SHA-256 of its CA, so that two kubeconfigs can be compared. */
  endpoint(cluster: string): { server: string; ca: string | null };
}

/** A number that is really known, or the reason it is not. */
export type Reading = { known: true; value: number } | { known: false; why: string };

/** One line of an answer, told from the others by its labels. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

export interface Metrics {
  query(cluster: string, promql: string): Promise<Reading>;
  /** Every series of the answer as it is now; those that are no number are left out. */
  series(
    cluster: string,
    promql: string,
  ): Promise<{ known: true; samples: Sample[] } | { known: false; why: string }>;
  range(
    cluster: string,
    promql: string,
    window: { from: Date; to: Date; stepMs: number },
  ): Promise<{ at: Date; value: number }[]>;
}

/** Draws what was measured. */
export interface Charts {
  /** PNG; the same chart gives the same bytes. */
  png(chart: Chart): Promise<Buffer>;
}

export interface HttpProbe {
  /** GET with a deadline; redirects are not followed; the body is not kept. */
  get(url: string, timeoutMs: number): Promise<{ ok: boolean; status: number | null; detail: string }>;
  /** The same for what answers with JSON; a long answer is refused. */
  json(url: string, timeoutMs: number): Promise<{ ok: true; body: Json } | { ok: false; detail: string }>;
}

/** A model as its registry knows it. */
export interface RegisteredModel {
  /** Base URL. */
  registry: string;
  name: string;
}

export interface ModelVersion {
  version: number;
  registeredAt: Date;
  /** Its artifacts are complete, so that it can be loaded. */
  ready: boolean;
  /** The run that trained it; null: it came without one. */
  run: string | null;
}

/**
 * A model registry, with crai's own account: it knows nothing of people. Throws a UserError for what the registry
 * refuses, and ClusterUnreachable when no answer came, so that it is not known whether a write arrived.
 */
export interface ModelRegistry {
  /** Versions by the aliases that name them. */
  aliases(model: RegisteredModel): Promise<ReadonlyMap<string, number>>;
  /** The newest hundred, newest first. */
  versions(model: RegisteredModel): Promise<ModelVersion[]>;
  /** The metrics that the run recorded last. */
  figures(model: RegisteredModel, run: string): Promise<Record<string, number>>;
  /** Takes the alias from whichever version has it. The registry compares nothing: read just before. */
  setAlias(model: RegisteredModel, alias: string, version: number): Promise<void>;
}

/** What a TLS server shows of itself. */
export interface TlsFacts {
  /** null: it could not be found out. */
  versions: { version: "TLS 1.0" | "TLS 1.1" | "TLS 1.2" | "TLS 1.3"; accepted: boolean | null }[];
  /** Why clients do not trust its certificate (chain, name, dates); null: they do. */
  distrust: string | null;
  /** From its own certificate to the last that it or this machine has. */
  chain: { subject: string; issuer: string; validFrom: Date; validTo: Date }[];
}

export interface TlsProbe {
  /** Throws a UserError when nothing answers there. */
  look(domain: Domain, timeoutMs: number): Promise<TlsFacts>;
}

/** Who people are and who is in what, asked of Slack. */
export interface Directory {
  displayName(user: string): Promise<string>;
  email(user: string): Promise<string | null>;
  userByEmail(email: string): Promise<string | null>;
  /** null: there is no such group. */
  groupMembers(group: string): Promise<string[] | null>;
}

/** What the engine reads of Slack beside people. */
export interface Chat {
  message(
    channel: string,
    ts: string,
  ): Promise<{ text: string; author: string; authorName: string; link: string | null } | null>;
  /** One line on how crai is connected; throws UserError when it is not. */
  check(): Promise<string>;
}

export interface OnCallPerson {
  pagerdutyUser: string;
  name: string;
  email: string | null;
  until: Date | null;
}

export interface PagerIncident {
  id: string;
  title: string;
  status: "triggered" | "acknowledged" | "resolved";
  service: string | null;
  url: string;
}

/** Reads of PagerDuty; writes go through the outbox so that they survive its outages. */
export interface Pager {
  /** Of one schedule; null: there is no such one. */
  onCall(schedule: string): Promise<OnCallPerson[] | null>;
  incident(id: string): Promise<PagerIncident | null>;
  openIncidents(services: readonly string[]): Promise<PagerIncident[]>;
  check(): Promise<string>;
}

/** Slack effects, in the outbox until delivered. `lane` = channel, so that order holds within it. */
export type SlackMessage =
  | {
      do: "post";
      channel: ChannelRef;
      view: View;
      thread?: string;
      /** Key of another outbox message in whose thread this one stands; posted to the channel if that one failed for good. */
      under?: string;
      /** Tried when crai is no member of the channel; such a message cannot be edited later. */
      responseUrl?: string;
      /** Without it, what crai may not write in the channel waits until it may. */
      elsewhere?: Elsewhere;
      pin?: boolean;
      attachments?: Attachment[];
    }
  /** Only one person sees it; at most once. `responseUrl` is tried first (works where crai is no member). */
  | {
      do: "ephemeral";
      channel: string;
      user: string;
      view: View;
      responseUrl?: string;
      thread?: string;
      attachments?: Attachment[];
    }
  | { do: "direct"; user: string; view: View }
  /** The App Home tab of one person. `at` (ISO 8601, UTC) makes each publishing a new state, also an equal one. */
  | { do: "home"; user: string; view: View; at: string }
  | { do: "open-channel"; incident: number; name: string; private: boolean; topic: string }
  | { do: "invite"; channel: ChannelRef; users: string[] }
  | { do: "topic"; channel: ChannelRef; topic: string }
  | { do: "rename"; channel: ChannelRef; name: string }
  | { do: "react"; channel: string; ts: string; emoji: string };

/** Where a message stands, for good, if crai may not write where it belongs: nobody waits for an answer in vain. */
export interface Elsewhere {
  /** In direct messages with this person, who asked for it. */
  user: string;
  /** A copy where others see it, whom it concerns too. */
  channel?: string;
  /** Of the command: to tell the person, where they asked, where to look. */
  responseUrl?: string;
}

/** A channel that may not exist yet: an incident's is filled in when it does. */
export type ChannelRef = { id: string } | { incident: number };

export type PagerMessage =
  | {
      do: "acknowledge" | "resolve" | "reopen";
      pagerdutyIncident: string;
      by: { slack: string; name: string };
    }
  | { do: "note"; pagerdutyIncident: string; text: string; by: { slack: string; name: string } }
  | Page
  /** What was paged for under this key is over, if PagerDuty has it open. */
  | { do: "end-page"; dedupKey: string; by: { slack: string; name: string } | null };

/** An incident of PagerDuty's own, which its service's escalation policy carries, or one person that it is assigned to. */
export interface Page {
  do: "page";
  service: string;
  /** Whoever is on call there when it is delivered, or whose account has this address; null: the service's policy. */
  to: { schedule: string } | { email: string } | null;
  title: string;
  /** The title, and the body, where the incident is confidential. */
  discreet: string;
  body: string;
  dedupKey: string;
}

/**
 * The panel's API as the page calls it, under `/panel`: types only, shared by server and page.
 *
 * - `GET /panel/state` answers a `PanelState`.
 * - `GET /panel/events` is a stream of server-sent events named `state`, each holding a whole `PanelState`; the first
 *   arrives at once.
 * - `POST /panel/commands` takes a `PanelCommand` as JSON and answers a `PanelReply`: 200 when it was done, 400 when
 *   the command is malformed, 409 when it does not fit the present state, 502 when a part of the sandbox refused.
 */

/** What the tag of a shipped release makes of it. `good` ships the next healthy version. */
export type ReleaseKind = "errors" | "slow" | "crash" | "oom" | "nopull" | "good";

export type FaultySystem = "slack" | "pagerduty" | "kubernetes";

export type FaultMode = "ok" | "down" | "slow";

export interface Fault {
  mode: FaultMode;
  /** Milliseconds added to every answer while `slow`; 0 otherwise. */
  delayMs: number;
}

/**
 * crai is a child process of the sandbox. `starting`: the process runs and is not ready yet. `stopped`: somebody
 * stopped it, or it gave up. `absent`: nobody started it, or there is none.
 */
export interface CraiStatus {
  state: "ready" | "starting" | "waiting-to-restart" | "stopped" | "absent";
  pid: number | null;
  /** Starts after the first one, whoever caused them. */
  restarts: number;
  /** Since when the state stands, ISO 8601 UTC. */
  since: string;
  /** Why it stands still, in one sentence, when it does. */
  reason: string | null;
}

export interface AppRelease {
  app: string;
  /** The image tag of the Deployment's template, e.g. "v1.2.0-errors". */
  tag: string;
  kind: ReleaseKind;
  ready: number;
  desired: number;
}

/** One reading of an app. null: the metrics have no data for it. */
export interface Reading {
  /** Share of requests answered 5xx, 0 to 1. */
  errorRate: number | null;
  p95Ms: number | null;
  requestsPerSecond: number | null;
  cpuCores: number | null;
  memoryBytes: number | null;
}

export interface AppMetrics {
  app: string;
  now: Reading;
  /** Oldest first, at most 120 readings, about one a second. `at` is in milliseconds since 1970. */
  history: (Pick<Reading, "errorRate" | "p95Ms"> & { at: number })[];
}

export interface PagerIncident {
  id: string;
  number: number;
  title: string;
  status: "triggered" | "acknowledged" | "resolved";
  urgency: "high" | "low";
  service: string;
  assignees: string[];
  createdAt: string;
  notes: { at: string; by: string; text: string }[];
}

export interface FiringAlert {
  /** Stable for as long as the alert's labels are the same. */
  fingerprint: string;
  name: string;
  app: string;
  severity: "critical" | "warning" | "info";
  summary: string;
  /** ISO 8601 UTC. */
  since: string;
}

/** absent: nobody installed it. unavailable: it is installed and does not answer. */
export type MetricsApi = "serving" | "unavailable" | "absent";

export interface ClusterState {
  nodes: { name: string; cordoned: boolean }[];
  metricsApi: MetricsApi;
  /** A policy refuses workloads whose images have no tag. */
  imagePolicy: boolean;
}

export interface PanelState {
  crai: CraiStatus;
  /** One for each app of the practice cluster; `api` is the first. */
  releases: AppRelease[];
  faults: Record<FaultySystem, Fault>;
  metrics: AppMetrics[];
  cluster: ClusterState;
  /** Open ones first, then the latest resolved, at most 20. */
  pagerIncidents: PagerIncident[];
  /** At most 50; `alertCount` is their true number. */
  alerts: FiringAlert[];
  alertCount: number;
}

export type PanelCommand =
  | { command: "ship-release"; kind: ReleaseKind; app?: string | undefined }
  /** Posts `count` (1 to 10,000) different alerts to crai as an Alertmanager would. */
  | { command: "alert-storm"; count: number }
  /** `delayMs` counts in mode `slow` only and is 2,000 unless told. */
  | { command: "fault"; system: FaultySystem; mode: FaultMode; delayMs?: number | undefined }
  /** SIGKILL; it comes back by itself after a short back-off. */
  | { command: "kill-crai" }
  | { command: "start-crai" }
  /** `person` is a Slack user id of the sandbox's people; without one, the person on call does it. */
  | { command: "acknowledge-incident" | "resolve-incident"; incident: string; person?: string | undefined }
  /** One node more than there are. */
  | { command: "add-node" }
  /** A new version of the model, in force and loaded at once: as good as the last, or worse than is allowed. */
  | { command: "ship-model"; kind: "good" | "bad" }
  /** Transactions of the API that nobody ends. */
  | { command: "leak-connections"; count: number }
  /** What `kubectl top` and autoscalers read. */
  | { command: "metrics-api"; state: MetricsApi }
  /** Whether the cluster refuses workloads whose images have no tag. */
  | { command: "image-policy"; on: boolean }
  /** A good release everywhere, no faults, no storm, and every pager incident resolved; crai's record stays. */
  | { command: "reset" };

/** `message` is one sentence to show; on a failure it says what to do instead. */
export type PanelReply = { ok: true; message: string } | { ok: false; message: string };

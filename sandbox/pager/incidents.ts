import { randomBytes, randomUUID } from "node:crypto";
import { escalation, type Service, type User, users } from "./account.ts";

/** Who did something: a person, or the integration of a service when an event from monitoring did it. */
export type Agent =
  | { kind: "user"; user: User }
  | { kind: "integration"; service: Service; client: { name: string; url: string | null } };

export type Urgency = "high" | "low";
export type Status = "triggered" | "acknowledged" | "resolved";

export interface Alert {
  id: string;
  key: string;
  status: "triggered" | "resolved";
  summary: string;
  severity: "critical" | "error" | "warning" | "info";
  details: unknown;
  createdAt: number;
}

export interface Note {
  id: string;
  content: string;
  by: User;
  at: number;
}

export type LogType =
  | "trigger"
  | "acknowledge"
  | "unacknowledge"
  | "resolve"
  | "reopen"
  | "annotate"
  | "assign"
  | "escalate"
  | "priority_change"
  | "urgency_change";

export interface LogEntry {
  id: string;
  type: LogType;
  at: number;
  agent: Agent;
  note: string | null;
}

export interface Incident {
  id: string;
  number: number;
  title: string;
  details: string;
  status: Status;
  urgency: Urgency;
  incidentKey: string;
  service: Service;
  priority: string | null;
  assignees: { user: User; at: number }[];
  assignedVia: "escalation_policy" | "direct_assignment";
  acknowledgedBy: { user: User; at: number }[];
  escalationLevel: number;
  createdAt: number;
  changedAt: number;
  statusChangedAt: number;
  statusChangedBy: Agent;
  resolvedAt: number | null;
  reopenedAt: number | null;
  alerts: Alert[];
  notes: Note[];
  log: LogEntry[];
}

/** Webhook V3 event types this account sends, without the leading "incident.". */
type ChangeType =
  | "triggered"
  | "acknowledged"
  | "unacknowledged"
  | "annotated"
  | "reassigned"
  | "escalated"
  | "priority_updated"
  | "reopened"
  | "resolved";

export interface Change {
  type: ChangeType;
  incident: Incident;
  agent: Agent;
  at: number;
  /** Only with `annotated`. */
  note?: Note;
}

export interface NewIncident {
  title: string;
  details?: string;
  service: Service;
  urgency?: Urgency;
  priority?: string | null;
  incidentKey?: string;
  assignees?: User[];
}

export type Incidents = ReturnType<typeof createIncidents>;

/** PagerDuty ids are opaque; random ones stay different over restarts of the sandbox, as crai's record outlives it. */
export function newId(prefix: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return prefix + Array.from(randomBytes(12), (byte) => letters[byte % letters.length]).join("");
}

function onCallAt(level: number): User[] {
  const ids = escalation.find((rule) => rule.level === level)?.users ?? [];
  return users.filter((user) => ids.includes(user.id));
}

/** The account's incidents: what people, API calls and events do to them. Each change is told to `onChange`. */
export function createIncidents(clock: () => number, onChange: (change: Change) => void) {
  const incidents: Incident[] = [];

  function log(incident: Incident, type: LogType, agent: Agent, note: string | null = null): number {
    const at = clock();
    incident.log.push({ id: newId("R"), type, at, agent, note });
    incident.changedAt = at;
    return at;
  }

  function setStatus(incident: Incident, status: Status, agent: Agent, at: number): void {
    incident.status = status;
    incident.statusChangedAt = at;
    incident.statusChangedBy = agent;
    incident.resolvedAt = status === "resolved" ? at : null;
    if (status !== "acknowledged") incident.acknowledgedBy = [];
  }

  return {
    /** Newest last. */
    all: incidents as readonly Incident[],

    find: (id: string): Incident | undefined =>
      incidents.find((incident) => incident.id === id || String(incident.number) === id),

    openByKey: (service: Service, key: string): Incident | undefined =>
      incidents.find(
        (incident) =>
          incident.service === service && incident.status !== "resolved" && incident.incidentKey === key,
      ),

    trigger(request: NewIncident, agent: Agent): Incident {
      const at = clock();
      const assignees = request.assignees ?? onCallAt(1);
      const incident: Incident = {
        id: newId("Q"),
        number: incidents.length + 1,
        title: request.title,
        details: request.details ?? request.title,
        status: "triggered",
        urgency: request.urgency ?? "high",
        incidentKey: request.incidentKey ?? randomUUID().replaceAll("-", ""),
        service: request.service,
        priority: request.priority ?? null,
        assignees: assignees.map((user) => ({ user, at })),
        assignedVia: request.assignees ? "direct_assignment" : "escalation_policy",
        acknowledgedBy: [],
        escalationLevel: 1,
        createdAt: at,
        changedAt: at,
        statusChangedAt: at,
        statusChangedBy: agent,
        resolvedAt: null,
        reopenedAt: null,
        alerts: [],
        notes: [],
        log: [],
      };
      incidents.push(incident);
      log(incident, "trigger", agent);
      onChange({ type: "triggered", incident, agent, at });
      return incident;
    },

    /** As in PagerDuty, who acknowledges becomes the assignee. */
    acknowledge(incident: Incident, agent: Agent): void {
      const at = log(incident, "acknowledge", agent);
      setStatus(incident, "acknowledged", agent, at);
      if (agent.kind === "user") {
        incident.acknowledgedBy.push({ user: agent.user, at });
        incident.assignees = [{ user: agent.user, at }];
      }
      onChange({ type: "acknowledged", incident, agent, at });
    },

    /** Back to triggered: a resolved incident is reopened, an acknowledged one unacknowledged. */
    retrigger(incident: Incident, agent: Agent): void {
      const reopened = incident.status === "resolved";
      const at = log(incident, reopened ? "reopen" : "unacknowledge", agent);
      setStatus(incident, "triggered", agent, at);
      if (reopened) incident.reopenedAt = at;
      onChange({ type: reopened ? "reopened" : "unacknowledged", incident, agent, at });
    },

    resolve(incident: Incident, agent: Agent, resolution: string | null = null): void {
      const at = log(incident, "resolve", agent, resolution);
      setStatus(incident, "resolved", agent, at);
      for (const alert of incident.alerts) alert.status = "resolved";
      incident.assignees = [];
      onChange({ type: "resolved", incident, agent, at });
    },

    annotate(incident: Incident, content: string, by: User): Note {
      const agent: Agent = { kind: "user", user: by };
      const at = log(incident, "annotate", agent, content);
      const note = { id: newId("N"), content, by, at };
      incident.notes.push(note);
      onChange({ type: "annotated", incident, agent, at, note });
      return note;
    },

    reassign(incident: Incident, assignees: User[], agent: Agent): void {
      const at = log(incident, "assign", agent);
      incident.assignees = assignees.map((user) => ({ user, at }));
      incident.assignedVia = "direct_assignment";
      onChange({ type: "reassigned", incident, agent, at });
    },

    /** Whether the policy has this level and somebody is on call there. */
    canEscalate: (level: number): boolean => onCallAt(level).length > 0,

    escalate(incident: Incident, level: number, agent: Agent): void {
      const at = log(incident, "escalate", agent);
      incident.escalationLevel = level;
      incident.assignees = onCallAt(level).map((user) => ({ user, at }));
      incident.assignedVia = "escalation_policy";
      onChange({ type: "escalated", incident, agent, at });
    },

    prioritize(incident: Incident, priority: string | null, agent: Agent): void {
      const at = log(incident, "priority_change", agent);
      incident.priority = priority;
      onChange({ type: "priority_updated", incident, agent, at });
    },

    /** PagerDuty has no webhook for a changed title or urgency. */
    edit(
      incident: Incident,
      change: { title?: string | undefined; urgency?: Urgency | undefined },
      agent: Agent,
    ): void {
      if (change.title !== undefined) incident.title = change.title;
      if (change.urgency !== undefined && change.urgency !== incident.urgency) {
        incident.urgency = change.urgency;
        log(incident, "urgency_change", agent);
      }
      incident.changedAt = clock();
    },
  };
}

import {
  escalation,
  escalationPolicy,
  priorities,
  schedules,
  type Service,
  services,
  team,
  type User,
  userById,
  users,
} from "./account.ts";
import type { Agent, Alert, Change, Incident, LogEntry, LogType, Note } from "./incidents.ts";

/** How PagerDuty writes the account's objects, in REST answers and in webhooks. */
export type Shapes = ReturnType<typeof createShapes>;

/** REST and webhooks write times to the second, log entries too. */
export function seconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

const plurals = {
  user: "users",
  service: "services",
  escalation_policy: "escalation_policies",
  schedule: "schedules",
  team: "teams",
  priority: "priorities",
  incident: "incidents",
  alert: "alerts",
  log_entry: "log_entries",
  integration: "integrations",
} as const;

/** The REST API has no entry types of its own for reopening and for a changed priority. */
const logs: Record<LogType, { type: string; did: string }> = {
  trigger: { type: "trigger_log_entry", did: "Triggered through" },
  acknowledge: { type: "acknowledge_log_entry", did: "Acknowledged by" },
  unacknowledge: { type: "unacknowledge_log_entry", did: "Unacknowledged by" },
  resolve: { type: "resolve_log_entry", did: "Resolved by" },
  reopen: { type: "trigger_log_entry", did: "Reopened by" },
  annotate: { type: "annotate_log_entry", did: "Note added by" },
  assign: { type: "assign_log_entry", did: "Reassigned by" },
  escalate: { type: "escalate_log_entry", did: "Escalated by" },
  priority_change: { type: "field_value_change_log_entry", did: "Priority changed by" },
  urgency_change: { type: "urgency_change_log_entry", did: "Urgency changed by" },
};

/** @param origin of the sandbox: links lead back to it, never to a real account. */
export function createShapes(origin: () => string) {
  function entity(type: keyof typeof plurals, id: string, summary: string) {
    const path = `${plurals[type]}/${id}`;
    return {
      id,
      type: type as string,
      summary,
      self: `${origin()}/pager/${path}`,
      html_url: `${origin()}/#pager/${path}`,
    };
  }
  function reference(type: keyof typeof plurals, id: string, summary: string) {
    return { ...entity(type, id, summary), type: `${type}_reference` };
  }

  const toUser = (user: User) => reference("user", user.id, user.name);
  const toService = (service: Service) => reference("service", service.id, service.name);
  const policy = () => reference("escalation_policy", escalationPolicy.id, escalationPolicy.name);
  const teamRef = () => reference("team", team.id, team.name);
  const integration = (service: Service) => ({
    ...reference("integration", `PINT${service.id.slice(4)}`, "Events API v2"),
    type: "events_api_v2_inbound_integration_reference",
  });

  function agent(who: Agent) {
    if (who.kind === "user") return toUser(who.user);
    return { ...integration(who.service), type: "inbound_integration_reference" };
  }

  function priority(id: string | null, type: "priority" | "priority_reference") {
    const found = priorities.find((candidate) => candidate.id === id);
    if (!found) return null;
    const base = { ...entity("priority", found.id, found.name), type };
    return type === "priority" ? { ...base, name: found.name, description: found.description } : base;
  }

  function logEntry(entry: LogEntry, incident: Incident) {
    return {
      ...entity("log_entry", entry.id, summaryOf(entry)),
      type: logs[entry.type].type,
      created_at: seconds(entry.at),
      agent: agent(entry.agent),
      channel: { type: entry.type === "annotate" ? "note" : entry.agent.kind === "user" ? "website" : "api" },
      service: toService(incident.service),
      incident: reference("incident", incident.id, title(incident)),
      teams: [teamRef()],
      contexts: [],
      ...(entry.note === null ? {} : { note: entry.note }),
    };
  }

  function incident(source: Incident) {
    const first = source.log[0]!;
    const chosen = priority(source.priority, "priority");
    return {
      ...entity("incident", source.id, title(source)),
      incident_number: source.number,
      title: source.title,
      description: source.title,
      created_at: seconds(source.createdAt),
      updated_at: seconds(source.changedAt),
      status: source.status,
      incident_key: source.incidentKey,
      urgency: source.urgency,
      service: toService(source.service),
      assignments: source.assignees.map(({ user, at }) => ({ at: seconds(at), assignee: toUser(user) })),
      assigned_via: source.assignedVia,
      acknowledgements: source.acknowledgedBy.map(({ user, at }) => ({
        at: seconds(at),
        acknowledger: toUser(user),
      })),
      last_status_change_at: seconds(source.statusChangedAt),
      last_status_change_by: agent(source.statusChangedBy),
      ...(source.resolvedAt === null ? {} : { resolved_at: seconds(source.resolvedAt) }),
      first_trigger_log_entry: {
        ...reference("log_entry", first.id, summaryOf(first)),
        type: "trigger_log_entry_reference",
      },
      alert_counts: {
        all: source.alerts.length,
        triggered: source.alerts.filter((alert) => alert.status === "triggered").length,
        resolved: source.alerts.filter((alert) => alert.status === "resolved").length,
      },
      is_mergeable: source.status !== "resolved",
      escalation_policy: policy(),
      teams: [teamRef()],
      impacted_services: [toService(source.service)],
      pending_actions: [],
      incidents_responders: [],
      responder_requests: [],
      body: { type: "incident_body", details: source.details },
      incident_type: { name: "incident_default" },
      // Absent in PagerDuty's description of the answer when there is none; a null would not fit it.
      ...(chosen === null ? {} : { priority: chosen }),
    };
  }

  function note(source: Note) {
    return {
      id: source.id,
      user: toUser(source.by),
      channel: { summary: "The PagerDuty website or APIs" },
      content: source.content,
      created_at: seconds(source.at),
    };
  }

  function alert(source: Alert, of: Incident) {
    return {
      ...entity("alert", source.id, source.summary),
      created_at: seconds(source.createdAt),
      status: source.status,
      alert_key: source.key,
      service: toService(of.service),
      first_trigger_log_entry: {
        ...reference("log_entry", of.log[0]!.id, summaryOf(of.log[0]!)),
        type: "trigger_log_entry_reference",
      },
      incident: reference("incident", of.id, title(of)),
      suppressed: false,
      severity: source.severity,
      integration: integration(of.service),
      body: {
        type: "alert_body",
        contexts: [],
        details: typeof source.details === "object" && source.details !== null ? source.details : {},
      },
    };
  }

  /** `event.data` of a webhook. */
  function webhookData(change: Change) {
    const source = change.incident;
    if (change.note) {
      return {
        incident: reference("incident", source.id, source.title),
        id: change.note.id,
        content: change.note.content,
        trimmed: false,
        type: "incident_note",
      };
    }
    return {
      ...entity("incident", source.id, title(source)),
      summary: undefined,
      number: source.number,
      status: source.status,
      incident_key: source.incidentKey,
      created_at: seconds(source.createdAt),
      ...(source.reopenedAt === null ? {} : { reopened_at: seconds(source.reopenedAt) }),
      title: source.title,
      service: toService(source.service),
      assignees: source.assignees.map(({ user }) => toUser(user)),
      escalation_policy: policy(),
      teams: [teamRef()],
      priority: priority(source.priority, "priority_reference"),
      urgency: source.urgency,
      conference_bridge: null,
      resolve_reason: null,
    };
  }

  const fullUser = (user: User) => ({
    ...entity("user", user.id, user.name),
    name: user.name,
    email: user.email,
    time_zone: "Etc/UTC",
    color: "teal",
    role: "user",
    avatar_url: `${origin()}/favicon.ico`,
    description: null,
    invitation_sent: false,
    job_title: user.jobTitle,
    teams: [teamRef()],
    contact_methods: [],
    notification_rules: [],
  });

  const fullService = (service: Service) => ({
    ...entity("service", service.id, service.name),
    name: service.name,
    description: `Service ${service.name}`,
    status: "active",
    created_at: "2024-01-15T00:00:00Z",
    alert_creation: "create_alerts_and_incidents",
    escalation_policy: policy(),
    teams: [teamRef()],
    integrations: [integration(service)],
  });

  const fullPolicy = () => ({
    ...entity("escalation_policy", escalationPolicy.id, escalationPolicy.name),
    name: escalationPolicy.name,
    num_loops: 0,
    on_call_handoff_notifications: "if_has_services",
    services: services.map(toService),
    teams: [teamRef()],
    escalation_rules: escalation.map((rule) => ({
      id: `PRULE${rule.level}`,
      escalation_delay_in_minutes: 5,
      targets:
        rule.schedule === null ? rule.users.map((id) => toUser(userById(id)!)) : [scheduleRef(rule.schedule)],
    })),
  });

  function scheduleRef(id: string) {
    return reference("schedule", id, schedules.find((schedule) => schedule.id === id)!.name);
  }

  return {
    reference,
    agent,
    incident,
    note,
    alert,
    logEntry,
    webhookData,
    user: fullUser,
    service: fullService,
    policy: fullPolicy,
    policyRef: policy,
    scheduleRef,
    userRef: toUser,
    priorities: () => priorities.map(({ id }) => priority(id, "priority")!),
    usersOf: (ids: readonly string[]) => users.filter((user) => ids.includes(user.id)),
  };
}

function title(incident: Incident): string {
  return `[#${incident.number}] ${incident.title}`;
}

function summaryOf(entry: LogEntry): string {
  const by = entry.agent.kind === "user" ? entry.agent.user.name : entry.agent.client.name;
  return `${logs[entry.type].did} ${by}.`;
}

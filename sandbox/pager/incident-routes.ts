import { z } from "zod";
import { services, type User, userById } from "./account.ts";
import type { Agent, Incident } from "./incidents.ts";
import {
  type Call,
  invalid,
  list,
  notFound,
  page,
  PagerError,
  parse,
  priorityId,
  type RouteContext,
  type Routes,
} from "./rest.ts";

const reference = z.object({ id: z.string(), type: z.string().optional() });
const assignments = z.array(z.object({ assignee: reference }));
const urgency = z.enum(["high", "low"]);
const priority = reference.nullable();

const NewIncident = z.object({
  incident: z.object({
    type: z.literal("incident"),
    title: z.string().min(1, "Title cannot be empty."),
    service: reference,
    priority: priority.optional(),
    urgency: urgency.optional(),
    body: z.object({ details: z.string().optional() }).optional(),
    incident_key: z.string().max(255).optional(),
    assignments: assignments.optional(),
    escalation_policy: reference.optional(),
  }),
});

const Update = z.object({
  type: z.enum(["incident", "incident_reference"]),
  status: z.enum(["triggered", "acknowledged", "resolved"]).optional(),
  resolution: z.string().optional(),
  title: z.string().min(1).optional(),
  priority: priority.optional(),
  escalation_level: z.number().int().optional(),
  assignments: assignments.optional(),
  escalation_policy: reference.optional(),
  urgency: urgency.optional(),
});
type Update = z.infer<typeof Update>;

const UpdateOne = z.object({ incident: Update });
const UpdateMany = z.object({ incidents: z.array(Update.extend({ id: z.string() })).max(250) });
const NewNote = z.object({
  note: z.object({ content: z.string().min(1, "Content cannot be empty.").max(25_000) }),
});
const statuses = ["triggered", "acknowledged", "resolved"];

export function createIncidentRoutes({ incidents, shapes }: RouteContext): Routes {
  function find(id: string): Incident {
    const incident = incidents.find(id);
    if (!incident) throw notFound();
    return incident;
  }

  function assignees(given: z.infer<typeof assignments> | undefined): User[] | undefined {
    return given?.map(({ assignee }) => {
      const user = userById(assignee.id);
      if (!user) throw new PagerError(400, 1007, "Assigned To User Not Found");
      return user;
    });
  }

  /** Everything is checked before anything changes, so that a refused update leaves nothing half done. */
  function check(incident: Incident, change: Update, agent: Agent) {
    const acts = change.status ?? change.assignments ?? change.escalation_level;
    if (acts !== undefined && incident.status === "resolved" && change.status !== "triggered") {
      throw new PagerError(400, 1001, "Incident Already Resolved");
    }
    if (change.status === "acknowledged" && agent.kind === "user") {
      const again = incident.acknowledgedBy.some(({ user }) => user.id === agent.user.id);
      if (again) throw new PagerError(400, 1002, "Incident Already Acknowledged");
    }
    if (change.escalation_level !== undefined && !incidents.canEscalate(change.escalation_level)) {
      throw new PagerError(400, 1006, "Cannot Escalate");
    }
    return { users: assignees(change.assignments) ?? [], priority: priorityId(change.priority) };
  }

  function update(incident: Incident, change: Update, agent: Agent): void {
    const { users, priority } = check(incident, change, agent);
    if (priority !== undefined && priority !== incident.priority)
      incidents.prioritize(incident, priority, agent);
    incidents.edit(incident, change, agent);
    if (change.escalation_level !== undefined) incidents.escalate(incident, change.escalation_level, agent);
    if (users.length > 0) incidents.reassign(incident, users, agent);
    if (change.status === "acknowledged") incidents.acknowledge(incident, agent);
    if (change.status === "resolved") incidents.resolve(incident, agent, change.resolution ?? null);
    if (change.status === "triggered" && incident.status !== "triggered")
      incidents.retrigger(incident, agent);
  }

  function filtered(call: Call): Incident[] {
    const { query } = call;
    const wanted = {
      statuses: list(query, "statuses"),
      services: list(query, "service_ids"),
      users: list(query, "user_ids"),
      urgencies: list(query, "urgencies"),
    };
    if (wanted.statuses.some((status) => !statuses.includes(status))) {
      throw invalid("Status must be a list of triggered, acknowledged, or resolved.");
    }
    const since = time(query.get("since"));
    const until = time(query.get("until"));
    const key = query.get("incident_key");
    const any = (values: string[], value: string) => values.length === 0 || values.includes(value);
    const found = incidents.all.filter(
      (incident) =>
        any(wanted.statuses, incident.status) &&
        any(wanted.services, incident.service.id) &&
        any(wanted.urgencies, incident.urgency) &&
        (wanted.users.length === 0 ||
          incident.assignees.some(({ user }) => wanted.users.includes(user.id))) &&
        (key === null || incident.incidentKey === key) &&
        (since === null || incident.createdAt >= since) &&
        (until === null || incident.createdAt < until),
    );
    return query.get("sort_by")?.endsWith(":desc") ? found.toReversed() : found;
  }

  return {
    "GET /incidents": (call) => ({
      status: 200,
      body: page(call.query, "incidents", filtered(call).map(shapes.incident)),
    }),

    "POST /incidents": async (call) => {
      const by = call.requester();
      const { incident: given } = await parse(call, NewIncident);
      const service = services.find(({ id }) => id === given.service.id);
      if (!service) throw invalid("Service not found.");
      const users = assignees(given.assignments);
      if (users && given.escalation_policy)
        throw invalid("Cannot specify both assignments and an escalation policy.");
      const chosen = priorityId(given.priority);
      if (given.incident_key !== undefined && incidents.openByKey(service, given.incident_key)) {
        throw new PagerError(400, 2002, "Arguments Caused Error", [
          "Open incident with matching dedup key already exists on this service",
        ]);
      }
      const created = incidents.trigger(
        {
          title: given.title,
          service,
          ...(given.body?.details === undefined ? {} : { details: given.body.details }),
          ...(given.urgency === undefined ? {} : { urgency: given.urgency }),
          ...(given.incident_key === undefined ? {} : { incidentKey: given.incident_key }),
          ...(chosen === undefined ? {} : { priority: chosen }),
          ...(users === undefined ? {} : { assignees: users }),
        },
        { kind: "user", user: by },
      );
      return { status: 201, body: { incident: shapes.incident(created) } };
    },

    "PUT /incidents": async (call) => {
      const agent: Agent = { kind: "user", user: call.requester() };
      const { incidents: changes } = await parse(call, UpdateMany);
      const found = changes.map((change) => ({ change, incident: find(change.id) }));
      for (const { change, incident } of found) update(incident, change, agent);
      return { status: 200, body: { incidents: found.map(({ incident }) => shapes.incident(incident)) } };
    },

    "GET /incidents/[]": (_call, [id]) => ({ status: 200, body: { incident: shapes.incident(find(id!)) } }),

    "PUT /incidents/[]": async (call, [id]) => {
      const agent: Agent = { kind: "user", user: call.requester() };
      const { incident: change } = await parse(call, UpdateOne);
      const incident = find(id!);
      update(incident, change, agent);
      return { status: 200, body: { incident: shapes.incident(incident) } };
    },

    "GET /incidents/[]/notes": (_call, [id]) => ({
      status: 200,
      body: { notes: find(id!).notes.map(shapes.note) },
    }),

    "POST /incidents/[]/notes": async (call, [id]) => {
      const by = call.requester();
      const { note } = await parse(call, NewNote);
      return { status: 200, body: { note: shapes.note(incidents.annotate(find(id!), note.content, by)) } };
    },

    "GET /incidents/[]/alerts": (call, [id]) => {
      const incident = find(id!);
      const wanted = list(call.query, "statuses");
      const found = incident.alerts.filter((alert) => wanted.length === 0 || wanted.includes(alert.status));
      return {
        status: 200,
        body: page(
          call.query,
          "alerts",
          found.map((alert) => shapes.alert(alert, incident)),
        ),
      };
    },

    "GET /incidents/[]/log_entries": (call, [id]) => {
      const incident = find(id!);
      // PagerDuty answers the newest first.
      const entries = incident.log.map((entry) => shapes.logEntry(entry, incident)).reverse();
      return { status: 200, body: page(call.query, "log_entries", entries) };
    },
  };
}

function time(text: string | null): number | null {
  if (text === null) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new PagerError(400, 2004, "Invalid time values in 'since' and/or 'until' parameters");
  return at;
}

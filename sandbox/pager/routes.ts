import { escalation, escalationPolicy, schedules, services, userById, users } from "./account.ts";
import { createIncidentRoutes } from "./incident-routes.ts";
import {
  type Answer,
  type Call,
  list,
  notFound,
  page,
  PagerError,
  type RouteContext,
  type Routes,
} from "./rest.ts";
import { seconds } from "./shapes.ts";
import { createSubscriptionRoutes } from "./subscription-routes.ts";

const day = 24 * 3_600_000;

/** The REST API as a table from "METHOD /path" to what answers. */
export function createRoutes(context: RouteContext): (call: Call) => Promise<Answer> {
  const { shapes, clock } = context;

  function oncalls(call: Call) {
    const wanted = {
      users: list(call.query, "user_ids"),
      schedules: list(call.query, "schedule_ids"),
      policies: list(call.query, "escalation_policy_ids"),
    };
    const matches = (ids: string[], id: string | null) =>
      ids.length === 0 || (id !== null && ids.includes(id));
    // Shifts change at midnight UTC; a person of the policy itself is on call without an end.
    const start = Math.floor(clock() / day) * day;
    const direct = escalation.flatMap((rule) =>
      rule.users.map((user) => ({ user, level: rule.level, schedule: rule.schedule })),
    );
    const ofSchedules = schedules
      .filter((schedule) => !escalation.some((rule) => rule.schedule === schedule.id))
      .flatMap((schedule) =>
        schedule.onCall.map((user) => ({ user, level: 1, schedule: schedule.id as string | null })),
      );
    return [...direct, ...ofSchedules]
      .filter(
        (entry) =>
          matches(wanted.users, entry.user) &&
          matches(wanted.schedules, entry.schedule) &&
          matches(wanted.policies, escalationPolicy.id),
      )
      .map((entry) => ({
        escalation_policy: shapes.policyRef(),
        escalation_level: entry.level,
        user: (list(call.query, "include").includes("users") ? shapes.user : shapes.userRef)(
          userById(entry.user)!,
        ),
        schedule: entry.schedule === null ? null : shapes.scheduleRef(entry.schedule),
        start: entry.schedule === null ? null : seconds(start),
        end: entry.schedule === null ? null : seconds(start + day),
      }));
  }

  function schedule(id: string, full: boolean) {
    const found = schedules.find((candidate) => candidate.id === id);
    if (!found) throw notFound();
    const { type: _, ...base } = shapes.scheduleRef(id);
    const start = Math.floor(clock() / day) * day;
    const onCall = shapes.usersOf(found.onCall).map(shapes.userRef);
    const summary = {
      ...base,
      type: "schedule",
      name: found.name,
      time_zone: "Etc/UTC",
      description: `On call for ${found.name.replace(" on-call", "")}`,
      escalation_policies: [shapes.policyRef()],
      users: onCall,
      teams: [],
    };
    if (!full) return summary;
    const entries = onCall.map((user) => ({ user, start: seconds(start), end: seconds(start + day) }));
    return {
      ...summary,
      schedule_layers: [
        {
          id: `PLAYER${id.slice(4)}`,
          name: "Layer 1",
          start: "2024-01-15T00:00:00Z",
          rotation_virtual_start: "2024-01-15T00:00:00Z",
          rotation_turn_length_seconds: day / 1_000,
          users: onCall.map((user) => ({ user })),
          restrictions: [],
          rendered_schedule_entries: entries,
          rendered_coverage_percentage: 100,
        },
      ],
      final_schedule: {
        name: "Final Schedule",
        rendered_schedule_entries: entries,
        rendered_coverage_percentage: 100,
      },
      overrides_subschedule: {
        name: "Overrides",
        rendered_schedule_entries: [],
        rendered_coverage_percentage: 0,
      },
    };
  }

  const routes: Routes = {
    "GET /abilities": () => ({
      status: 200,
      body: { abilities: ["sso", "advanced_reports", "teams", "urgencies"] },
    }),
    "GET /oncalls": (call) => ({ status: 200, body: page(call.query, "oncalls", oncalls(call)) }),
    "GET /users": (call) => {
      const query = call.query.get("query")?.toLowerCase() ?? "";
      const found = users.filter((user) => `${user.name} ${user.email}`.toLowerCase().includes(query));
      return { status: 200, body: page(call.query, "users", found.map(shapes.user)) };
    },
    "GET /users/me": (call) => {
      if (!call.tokenUser)
        throw new PagerError(400, 2001, "Invalid Input Provided", [
          "This endpoint needs a user's token; an account's key is nobody.",
        ]);
      return { status: 200, body: { user: shapes.user(call.tokenUser) } };
    },
    "GET /users/[]": (_call, [id]) => {
      const user = userById(id!);
      if (!user) throw notFound();
      return { status: 200, body: { user: shapes.user(user) } };
    },
    "GET /services": (call) => ({
      status: 200,
      body: page(call.query, "services", services.map(shapes.service)),
    }),
    "GET /services/[]": (_call, [id]) => {
      const service = services.find((candidate) => candidate.id === id);
      if (!service) throw notFound();
      return { status: 200, body: { service: shapes.service(service) } };
    },
    "GET /schedules": (call) => ({
      status: 200,
      body: page(
        call.query,
        "schedules",
        schedules.map(({ id }) => schedule(id, false)),
      ),
    }),
    "GET /schedules/[]": (_call, [id]) => ({ status: 200, body: { schedule: schedule(id!, true) } }),
    "GET /schedules/[]/users": (_call, [id]) => {
      const found = schedules.find((candidate) => candidate.id === id);
      if (!found) throw notFound();
      return { status: 200, body: { users: shapes.usersOf(found.onCall).map(shapes.user) } };
    },
    "GET /escalation_policies": (call) => ({
      status: 200,
      body: page(call.query, "escalation_policies", [shapes.policy()]),
    }),
    "GET /escalation_policies/[]": (_call, [id]) => {
      if (id !== escalationPolicy.id) throw notFound();
      return { status: 200, body: { escalation_policy: shapes.policy() } };
    },
    "GET /priorities": (call) => ({ status: 200, body: page(call.query, "priorities", shapes.priorities()) }),
    ...createIncidentRoutes(context),
    ...createSubscriptionRoutes(context),
  };

  return async function answer(call) {
    const exact = routes[`${call.method} /${call.path.join("/")}`];
    if (exact) return await exact(call, []);
    for (const [pattern, handler] of Object.entries(routes)) {
      const ids = match(pattern, call);
      if (ids) return await handler(call, ids);
    }
    throw notFound();
  };
}

function match(pattern: string, call: Call): string[] | null {
  const [method, path] = pattern.split(" /") as [string, string];
  const segments = path.split("/");
  if (method !== call.method || segments.length !== call.path.length) return null;
  const ids: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const actual = call.path[index]!;
    if (segment === "[]") ids.push(actual);
    else if (segment !== actual) return null;
  }
  return ids;
}

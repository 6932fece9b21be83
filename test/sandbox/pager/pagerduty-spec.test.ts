import { expect, it } from "vitest";
import { noSpec, readSpec } from "./pagerduty-spec.ts";
import { newIncident, startPager } from "./setup.ts";

const account = { filter: { type: "account_reference" } };
const subscription = {
  webhook_subscription: {
    type: "webhook_subscription",
    delivery_method: { type: "http_delivery_method", url: "http://127.0.0.1:1/hook" },
    events: ["incident.triggered"],
    description: "ours",
    ...account,
  },
};
const change = (more: object) => ({ incident: { type: "incident", ...more } });

/** "METHOD /path as described", with the body sent and the path to ask; "{incident}" and the like are filled in. */
const calls: { does: string; ask?: string; send?: unknown }[] = [
  {
    does: "POST /incidents",
    send: newIncident("api is on fire", {
      urgency: "high",
      body: { type: "incident_body", details: "all of it" },
    }),
  },
  { does: "GET /incidents" },
  { does: "GET /incidents", ask: "/incidents?statuses[]=open" },
  { does: "GET /incidents/{id}", ask: "/incidents/{incident}" },
  { does: "GET /incidents/{id}", ask: "/incidents/NOSUCH" },
  { does: "PUT /incidents/{id}", ask: "/incidents/{incident}", send: change({ status: "acknowledged" }) },
  {
    does: "PUT /incidents/{id}",
    ask: "/incidents/{incident}",
    send: change({ priority: { id: "PPRIOR1", type: "priority_reference" } }),
  },
  {
    does: "PUT /incidents/{id}",
    ask: "/incidents/{incident}",
    send: change({ assignments: [{ assignee: { id: "PALEX", type: "user_reference" } }] }),
  },
  {
    does: "POST /incidents/{id}/notes",
    ask: "/incidents/{incident}/notes",
    send: { note: { content: "Rolled back." } },
  },
  { does: "GET /incidents/{id}/notes", ask: "/incidents/{incident}/notes" },
  { does: "GET /incidents/{id}/alerts", ask: "/incidents/{incident}/alerts" },
  { does: "GET /incidents/{id}/log_entries", ask: "/incidents/{incident}/log_entries" },
  {
    does: "PUT /incidents/{id}",
    ask: "/incidents/{incident}",
    send: change({ status: "resolved", resolution: "rolled back" }),
  },
  {
    does: "PUT /incidents",
    send: { incidents: [{ id: "{incident}", type: "incident_reference", status: "triggered" }] },
  },
  { does: "GET /oncalls" },
  { does: "GET /users" },
  { does: "GET /users/{id}", ask: "/users/PROBIN" },
  { does: "GET /users/me" },
  { does: "GET /schedules" },
  { does: "GET /schedules/{id}", ask: "/schedules/PSCHAPI" },
  { does: "GET /schedules/{id}/users", ask: "/schedules/PSCHAPI/users" },
  { does: "GET /escalation_policies" },
  { does: "GET /escalation_policies/{id}", ask: "/escalation_policies/PESCAPI" },
  { does: "GET /services" },
  { does: "GET /services/{id}", ask: "/services/PSVCAPI" },
  { does: "GET /priorities" },
  { does: "GET /abilities" },
  { does: "POST /webhook_subscriptions", send: subscription },
  { does: "GET /webhook_subscriptions" },
  { does: "GET /webhook_subscriptions/{id}", ask: "/webhook_subscriptions/{subscription}" },
  {
    does: "PUT /webhook_subscriptions/{id}",
    ask: "/webhook_subscriptions/{subscription}",
    send: { webhook_subscription: { active: false } },
  },
  { does: "POST /webhook_subscriptions/{id}/enable", ask: "/webhook_subscriptions/{subscription}/enable" },
  { does: "POST /webhook_subscriptions/{id}/ping", ask: "/webhook_subscriptions/{subscription}/ping" },
  { does: "DELETE /webhook_subscriptions/{id}", ask: "/webhook_subscriptions/{subscription}" },
];

it.skipIf(noSpec !== null)(
  `takes and gives what PagerDuty's own description of its API says (skipped: ${noSpec ?? ""})`,
  async () => {
    const spec = readSpec();
    const { call } = await startPager();
    const ids: Record<string, string> = {};
    const filled = (text: string) =>
      text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => ids[name] ?? whole);
    const complaints: string[] = [];

    for (const { does, ask, send } of calls) {
      const [method, path] = does.split(" ") as [string, string];
      const body = send === undefined ? undefined : (JSON.parse(filled(JSON.stringify(send))) as unknown);
      const reply = await call(method, filled(ask ?? path), body);
      const answer = reply.body as { incident?: { id: string }; webhook_subscription?: { id: string } };
      ids["incident"] ??= answer.incident?.id as string;
      ids["subscription"] ??= answer.webhook_subscription?.id as string;
      const problems = [
        ...spec.request(method, path, body),
        ...spec.response(method, path, reply.status, reply.body),
      ];
      complaints.push(...problems.map((problem) => `${does} ${reply.status}: ${problem}`));
    }

    expect(complaints).toEqual([]);
  },
);

it.skipIf(noSpec !== null)(`would notice a wrong body (skipped: ${noSpec ?? ""})`, () => {
  const spec = readSpec();

  expect(
    spec.request("PUT", "/incidents/{id}", { incident: { type: "incident", status: "closed" } }),
  ).not.toEqual([]);
  expect(spec.response("GET", "/incidents/{id}", 200, { incident: { id: 7, status: "open" } })).not.toEqual(
    [],
  );
});

import { api } from "@pagerduty/pdjs";
import { expect, it } from "vitest";
import { pager as seed, people } from "../../../sandbox/seed.ts";
import { newIncident, startPager } from "./setup.ts";

interface IncidentBody {
  incident: {
    id: string;
    incident_number: number;
    status: string;
    title: string;
    urgency: string;
    priority?: { summary: string };
    assignments: { assignee: { id: string } }[];
    acknowledgements: { acknowledger: { id: string } }[];
    resolved_at?: string;
  };
}
interface ErrorBody {
  error: { code: number; message: string; errors?: string[] };
}

const { robin, alex } = people;

async function startWithIncident() {
  const started = await startPager();
  const created = await started.call("POST", "/incidents", newIncident("api is on fire"));
  const { incident } = created.body as IncidentBody;
  const update = (change: object, headers?: Record<string, string>) =>
    started.call("PUT", `/incidents/${incident.id}`, { incident: { type: "incident", ...change } }, headers);
  return { ...started, incident, update };
}

it("assigns a new incident to the person on call", async () => {
  const { incident } = await startWithIncident();

  expect(incident).toMatchObject({ incident_number: 1, status: "triggered", urgency: "high" });
  expect(incident.assignments.map(({ assignee }) => assignee.id)).toEqual([robin.pagerduty]);
});

it("makes whoever acknowledges the assignee, and clears both on resolve", async () => {
  const { update } = await startWithIncident();

  const acknowledged = (await update({ status: "acknowledged" }, { from: alex.email })).body as IncidentBody;
  const resolved = (await update({ status: "resolved" })).body as IncidentBody;

  expect(acknowledged.incident.status).toBe("acknowledged");
  expect(acknowledged.incident.assignments[0]!.assignee.id).toBe(alex.pagerduty);
  expect(acknowledged.incident.acknowledgements[0]!.acknowledger.id).toBe(alex.pagerduty);
  expect(resolved.incident).toMatchObject({ status: "resolved", assignments: [], acknowledgements: [] });
  expect(resolved.incident.resolved_at).toMatch(/Z$/);
});

it("refuses to resolve or acknowledge what is resolved, and reopens it when asked", async () => {
  const { update } = await startWithIncident();
  await update({ status: "resolved" });

  for (const status of ["resolved", "acknowledged"]) {
    const { status: code, body } = await update({ status });
    expect([code, (body as ErrorBody).error.code]).toEqual([400, 1001]);
  }
  const reopened = (await update({ status: "triggered" })).body as IncidentBody;
  expect(reopened.incident.status).toBe("triggered");
});

it("sets priority and assignee, and leaves everything as it was when one of them is wrong", async () => {
  const { update, call, incident } = await startWithIncident();

  const wrong = await update({
    priority: { id: "PPRIOR1", type: "priority_reference" },
    assignments: [{ assignee: { id: "PNOBODY" } }],
  });
  const unchanged = (await call("GET", `/incidents/${incident.id}`)).body as IncidentBody;
  const changed = (
    await update({
      priority: { id: "PPRIOR1", type: "priority_reference" },
      assignments: [{ assignee: { id: alex.pagerduty, type: "user_reference" } }],
    })
  ).body as IncidentBody;

  expect([wrong.status, (wrong.body as ErrorBody).error.code]).toEqual([400, 1007]);
  expect(unchanged.incident.priority).toBeUndefined();
  expect(changed.incident.priority!.summary).toBe("P1");
  expect(changed.incident.assignments[0]!.assignee.id).toBe(alex.pagerduty);
});

it("wants to know which user changes something, because the account's key is nobody", async () => {
  const { url, update } = await startWithIncident();
  const withoutFrom = await fetch(`${url}/incidents`, {
    method: "POST",
    headers: { authorization: `Token token=${seed.apiToken}` },
    body: JSON.stringify(newIncident("nobody's")),
  });
  const ofUser = await fetch(`${url}/incidents`, {
    method: "POST",
    headers: { authorization: "Token token=sandbox-pagerduty-user-palex" },
    body: JSON.stringify(newIncident("Alex's")),
  });
  const stranger = await update({ status: "acknowledged" }, { from: "noor@credit-risk-ai.example.com" });
  const malformed = await update({ status: "acknowledged" }, { from: "Robin" });

  expect([withoutFrom.status, ((await withoutFrom.json()) as ErrorBody).error.code]).toEqual([400, 2016]);
  expect(ofUser.status).toBe(201);
  expect([stranger.status, (stranger.body as ErrorBody).error]).toEqual([
    400,
    { code: 1008, message: "Requester User Not Found" },
  ]);
  expect([malformed.status, (malformed.body as ErrorBody).error.code]).toEqual([400, 1028]);
});

it("answers a wrong token in plain text, as pdjs finds to its surprise", async () => {
  const { url } = await startPager();

  const refused = api({ token: "wrong", url: `${url}/incidents` });

  await expect(refused).rejects.toMatchObject({ status: 401 });
});

it("is spoken to by pdjs", async () => {
  const { url } = await startWithIncident();
  const client = { token: seed.apiToken, headers: { From: robin.email } };

  const listed = await api({ ...client, url: `${url}/incidents?statuses[]=triggered` });
  const { id } = (listed.data as { incidents: { id: string }[] }).incidents[0]!;
  const noted = await api({
    ...client,
    method: "POST",
    url: `${url}/incidents/${id}/notes`,
    data: { note: { content: "Rolled back." } },
  });
  const notes = await api({ ...client, url: `${url}/incidents/${id}/notes` });

  expect(noted.response.status).toBe(200);
  expect(notes.data).toMatchObject({ notes: [{ content: "Rolled back.", user: { id: robin.pagerduty } }] });
});

it("lists incidents by status, service and key, a page at a time", async () => {
  const { call, update } = await startWithIncident();
  await update({ status: "resolved" });
  await call("POST", "/incidents", newIncident("second", { incident_key: "key-2" }));
  await call(
    "POST",
    "/incidents",
    newIncident("third", { service: { id: "PSVCFED", type: "service_reference" } }),
  );
  const titles = async (query: string) => {
    const { incidents, more } = (await call("GET", `/incidents?${query}`)).body as {
      incidents: { title: string }[];
      more: boolean;
    };
    return [incidents.map(({ title }) => title), more];
  };

  expect(await titles("statuses[]=triggered&statuses[]=acknowledged")).toEqual([["second", "third"], false]);
  expect(await titles(`service_ids[]=${seed.service.id}&sort_by=created_at:desc`)).toEqual([
    ["second", "api is on fire"],
    false,
  ]);
  expect(await titles("incident_key=key-2")).toEqual([["second"], false]);
  expect(await titles("limit=2&offset=1")).toEqual([["second", "third"], false]);
  expect(await titles("limit=2")).toEqual([["api is on fire", "second"], true]);
  expect((await call("GET", "/incidents?statuses[]=open")).status).toBe(400);
});

it("refuses a second open incident with the same key on a service", async () => {
  const { call } = await startPager();
  const request = newIncident("once", { incident_key: "same" });

  const first = await call("POST", "/incidents", request);
  const second = await call("POST", "/incidents", request);

  expect([first.status, second.status]).toEqual([201, 400]);
  expect((second.body as ErrorBody).error).toMatchObject({ code: 2002, message: "Arguments Caused Error" });
});

it("tells who is on call, by schedule and by user", async () => {
  const { call } = await startPager();
  const oncalls = async (query: string) =>
    (
      (await call("GET", `/oncalls?${query}`)).body as {
        oncalls: { user: { id: string }; escalation_level: number; end: string | null }[];
      }
    ).oncalls;

  const api1 = await oncalls(`schedule_ids[]=${seed.schedule.id}`);
  const ofAlex = await oncalls(
    `user_ids[]=${alex.pagerduty}&escalation_policy_ids[]=${seed.escalationPolicy.id}`,
  );

  expect(api1.map(({ user, escalation_level }) => [user.id, escalation_level])).toEqual([
    [robin.pagerduty, 1],
  ]);
  expect(Date.parse(api1[0]!.end!)).toBeGreaterThan(Date.now());
  expect(ofAlex).toContainEqual(expect.objectContaining({ escalation_level: 2, schedule: null, end: null }));
});

it("escalates to the next level and no further", async () => {
  const { update } = await startWithIncident();

  const escalated = (await update({ escalation_level: 2 })).body as IncidentBody;
  const beyond = await update({ escalation_level: 3 });

  expect(escalated.incident.assignments[0]!.assignee.id).toBe(alex.pagerduty);
  expect([beyond.status, (beyond.body as ErrorBody).error.code]).toEqual([400, 1006]);
});

it("knows who asks with a user's token and not with the account's", async () => {
  const { call } = await startPager();

  const user = await call("GET", "/users/me", undefined, {
    authorization: "Token token=sandbox-pagerduty-user-palex",
  });
  const account = await call("GET", "/users/me");

  expect((user.body as { user: { id: string } }).user.id).toBe(alex.pagerduty);
  expect(account.status).toBe(400);
});

it("limits requests a minute and says when to come back", async () => {
  let now = Date.now();
  const { call } = await startPager({ requestsPerMinute: 2, clock: () => now });

  const codes = [(await call("GET", "/priorities")).status, (await call("GET", "/priorities")).status];
  const limited = await call("GET", "/priorities");
  now += 60_000;
  const later = await call("GET", "/priorities");

  expect(codes).toEqual([200, 200]);
  expect([limited.status, (limited.body as ErrorBody).error]).toEqual([
    429,
    { message: "Rate Limit Exceeded", code: 2020 },
  ]);
  expect(limited.headers.get("ratelimit-limit")).toBe("2");
  expect(limited.headers.get("ratelimit-remaining")).toBe("0");
  expect(Number(limited.headers.get("ratelimit-reset"))).toBe(60);
  expect(later.status).toBe(200);
});

it("names every field that is wrong", async () => {
  const { call } = await startPager();

  const { status, body } = await call("POST", "/incidents", { incident: { type: "event", title: "" } });

  expect(status).toBe(400);
  expect((body as ErrorBody).error).toMatchObject({ code: 2001, message: "Invalid Input Provided" });
  expect((body as ErrorBody).error.errors).toHaveLength(3);
});

it("answers an outage with a proxy's page and changes nothing", async () => {
  const { call, pager } = await startPager();

  pager.faults.set({ down: true });
  const during = await call("POST", "/incidents", newIncident("lost"));
  pager.faults.set({ down: false });
  const after = (await call("GET", "/incidents")).body as { incidents: unknown[] };

  expect([during.status, during.headers.get("content-type")]).toEqual([503, "text/html"]);
  expect(after.incidents).toEqual([]);
});

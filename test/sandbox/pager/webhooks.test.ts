import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { sign, type WebhookTiming } from "../../../sandbox/pager/webhooks.ts";
import { startSink } from "../../support/sink.ts";
import { newIncident, startPager } from "./setup.ts";

const soon = { timeout: 15_000 };

interface WebhookEvent {
  event: { id: string; event_type: string; agent: { type: string }; data: Record<string, unknown> };
}

const quick = { retryFirst: 5, retryMax: 20 };

interface Options {
  secrets?: string[];
  timing?: Partial<WebhookTiming>;
  clock?: () => number;
  answer?: Parameters<typeof startSink>[0];
}

async function startSubscribed({ secrets = ["secret-1"], timing, clock = Date.now, answer }: Options = {}) {
  const sink = await startSink(answer);
  const started = await startPager({ timing: { ...quick, ...timing }, clock });
  const subscription = started.pager.subscribe(`${sink.url}/hook`, secrets);
  const created = await started.call("POST", "/incidents", newIncident("api is on fire"));
  const { id } = (created.body as { incident: { id: string } }).incident;
  const update = (change: object) =>
    started.call("PUT", `/incidents/${id}`, { incident: { type: "incident", ...change } });
  const types = () => sink.received.map(({ body }) => (JSON.parse(body) as WebhookEvent).event.event_type);
  return { ...started, sink, subscription, id, update, types };
}

it("sends each change of an incident as an event of its own type, in order", async () => {
  const { pager, update, call, id, types } = await startSubscribed();

  await update({ status: "acknowledged" });
  await update({ priority: { id: "PPRIOR1", type: "priority_reference" } });
  await update({ assignments: [{ assignee: { id: "PALEX", type: "user_reference" } }] });
  await update({ escalation_level: 2 });
  await call("POST", `/incidents/${id}/notes`, { note: { content: "Looking." } });
  await update({ status: "triggered" });
  await update({ status: "resolved" });
  await update({ status: "triggered" });
  await pager.webhooks.idle();

  expect(types()).toEqual([
    "incident.triggered",
    "incident.acknowledged",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.escalated",
    "incident.annotated",
    "incident.unacknowledged",
    "incident.resolved",
    "incident.reopened",
  ]);
});

it("signs the raw body with every secret while they rotate", async () => {
  const { pager, sink } = await startSubscribed({ secrets: ["old", "new"] });
  await pager.webhooks.idle();
  const [{ headers, body }] = sink.received as [(typeof sink.received)[0]];

  const expected = ["old", "new"].map(
    (secret) => `v1=${createHmac("sha256", secret).update(body).digest("hex")}`,
  );
  expect(headers["x-pagerduty-signature"]).toBe(expected.join(","));
  expect(headers["x-webhook-id"]).toMatch(/^[0-9a-f-]{36}$/);
});

it("keeps an incident's order and the webhook's id while the first delivery is retried", async () => {
  const { pager, sink, update, types } = await startSubscribed({
    answer: (_received, index) => [503, 429, 500][index] ?? 200,
  });
  await update({ status: "acknowledged" });
  await pager.webhooks.idle();

  expect(types()).toEqual([...Array<string>(4).fill("incident.triggered"), "incident.acknowledged"]);
  const ids = sink.received.map(({ headers }) => headers["x-webhook-id"]);
  expect(new Set(ids.slice(0, 4)).size).toBe(1);
  expect(ids[4]).not.toBe(ids[0]);
});

it("does not hold up one incident for another that cannot be delivered", async () => {
  const { pager, sink, call, id } = await startSubscribed();
  await pager.webhooks.idle();
  sink.answer = ({ body }) => (body.includes(id) ? 503 : 200);

  await call("PUT", `/incidents/${id}`, { incident: { type: "incident", status: "acknowledged" } });
  await call("POST", "/incidents", newIncident("another"));

  await vi.waitFor(() => expect(pager.webhooks.deliveries.at(-1)!.state).toBe("delivered"), soon);
  expect(pager.webhooks.deliveries.at(-2)!.state).toBe("queued");
});

it("tries again when no answer comes in time", async () => {
  const { pager } = await startSubscribed({
    timing: { attemptTimeout: 300 },
    answer: (_received, index) => (index === 0 ? "hang" : 202),
  });

  await pager.webhooks.idle();

  const { state, attempts } = pager.webhooks.deliveries[0]!;
  expect(state).toBe("delivered");
  expect([attempts[0], attempts.at(-1)]).toMatchObject([{ error: "no answer in time" }, { answer: 202 }]);
});

it("tries again while nobody listens", async () => {
  const { pager, call } = await startPager({ timing: quick });
  const subscription = pager.subscribe("http://127.0.0.1:1/hook", ["s"]);
  await call("POST", "/incidents", newIncident("api is on fire"));
  await vi.waitFor(() => expect(pager.webhooks.deliveries[0]!.attempts.length).toBeGreaterThan(1), soon);

  const sink = await startSink();
  subscription.url = sink.url;
  await pager.webhooks.idle();

  expect(pager.webhooks.deliveries[0]!.state).toBe("delivered");
});

it("gives an event up after 48 hours of trying", async () => {
  let now = Date.now();
  const { pager, sink } = await startSubscribed({ timing: { retryFirst: 1, retryMax: 1 }, clock: () => now });
  await pager.webhooks.idle();
  sink.answer = () => {
    now += 12 * 3_600_000;
    return 503;
  };

  pager.incidents.acknowledge(pager.incidents.all[0]!, pager.incidents.all[0]!.statusChangedBy);
  await pager.webhooks.idle();

  const { state, attempts } = pager.webhooks.deliveries.at(-1)!;
  expect([state, attempts.length]).toEqual(["dropped", 4]);
});

it("drops what is refused with a 4xx, and after three in a row disables the subscription until it is enabled", async () => {
  const { pager, sink, update, call, subscription } = await startSubscribed();
  await pager.webhooks.idle();
  const shown = async () =>
    (
      (await call("GET", `/webhook_subscriptions/${subscription.id}`)).body as {
        webhook_subscription: { delivery_method: { temporarily_disabled: boolean; secret: null } };
      }
    ).webhook_subscription.delivery_method;
  sink.answer = () => 401;

  await update({ status: "acknowledged" });
  await update({ status: "triggered" });
  await update({ status: "acknowledged" });
  await update({ status: "resolved" });
  await pager.webhooks.idle();
  const whileDisabled = await shown();
  sink.answer = () => 200;
  await update({ status: "triggered" });
  const posts = sink.received.length;
  await call("POST", `/webhook_subscriptions/${subscription.id}/enable`);
  await update({ status: "acknowledged" });
  await pager.webhooks.idle();

  expect(pager.webhooks.deliveries.map(({ state }) => state)).toEqual([
    "delivered",
    "dropped",
    "dropped",
    "dropped",
    "discarded",
    "discarded",
    "delivered",
  ]);
  expect(whileDisabled).toMatchObject({ temporarily_disabled: true, secret: null });
  expect(await shown()).toMatchObject({ temporarily_disabled: false });
  expect(sink.received.length).toBe(posts + 1);
});

it("enables a subscription again by itself after a day", async () => {
  let now = Date.now();
  const { pager, sink, update } = await startSubscribed({ clock: () => now });
  await pager.webhooks.idle();
  sink.answer = () => 400;
  for (const status of ["acknowledged", "triggered", "acknowledged"]) await update({ status });
  await pager.webhooks.idle();

  now += 24 * 3_600_000;
  sink.answer = () => 202;
  await update({ status: "resolved" });
  await pager.webhooks.idle();

  expect(pager.webhooks.deliveries.at(-1)!.state).toBe("delivered");
});

it("takes one accepted delivery between drops as a new start", async () => {
  const { pager, update } = await startSubscribed({
    answer: (_received, index) => [200, 400, 400, 200, 400, 400][index] ?? 200,
  });

  for (const status of [
    "acknowledged",
    "triggered",
    "acknowledged",
    "triggered",
    "acknowledged",
    "resolved",
  ]) {
    await update({ status });
  }
  await pager.webhooks.idle();

  const states = pager.webhooks.deliveries.map(({ state }) => state);
  expect(states).toEqual(["delivered", "dropped", "dropped", "delivered", "dropped", "dropped", "delivered"]);
});

it("creates a subscription with a secret of its own, filters by service and event, and pings on request", async () => {
  const sink = await startSink();
  const { call, pager } = await startPager({ timing: quick });
  const created = await call("POST", "/webhook_subscriptions", {
    webhook_subscription: {
      type: "webhook_subscription",
      delivery_method: {
        type: "http_delivery_method",
        url: sink.url,
        custom_headers: [{ name: "X-Team", value: "sre" }],
      },
      events: ["incident.resolved"],
      filter: { type: "service_reference", id: "PSVCFED" },
    },
  });
  const { id, delivery_method: method } = (
    created.body as {
      webhook_subscription: { id: string; delivery_method: { secret: string; custom_headers: object[] } };
    }
  ).webhook_subscription;

  const pinged = await call("POST", `/webhook_subscriptions/${id}/ping`);
  await call("POST", "/incidents", newIncident("other service"));
  await call(
    "POST",
    "/incidents",
    newIncident("ours", { service: { id: "PSVCFED", type: "service_reference" } }),
  );
  for (const incident of pager.incidents.all)
    await call("PUT", `/incidents/${incident.id}`, { incident: { type: "incident", status: "resolved" } });
  await pager.webhooks.idle();

  expect([created.status, pinged.status]).toEqual([200, 202]);
  expect(method.custom_headers).toEqual([{ name: "X-Team", value: "<redacted>" }]);
  const events = sink.received.map(({ body }) => (JSON.parse(body) as WebhookEvent).event);
  expect(events.map(({ event_type, data }) => [event_type, data["title"]])).toEqual([
    ["pagey.ping", undefined],
    ["incident.resolved", "ours"],
  ]);
  expect(sink.received[1]!.headers["x-team"]).toBe("sre");
  expect(sink.received[1]!.headers["x-pagerduty-signature"]).toBe(
    sign(sink.received[1]!.body, [method.secret]),
  );
});

const samples = "../shared/samples";

it.skipIf(!existsSync(samples)).for(["triggered", "acknowledged", "resolved", "priority_updated"])(
  "shapes incident.%s as PagerDuty's published sample (skipped: no ../shared/samples)",
  async (type) => {
    const { pager, update, sink } = await startSubscribed();
    await update({ priority: { id: "PPRIOR1", type: "priority_reference" } });
    await update({ status: "acknowledged" });
    await update({ status: "resolved" });
    await pager.webhooks.idle();

    const sample = JSON.parse(
      readFileSync(`${samples}/pagerduty-v3-incident.${type}.json`, "utf8"),
    ) as WebhookEvent;
    const ours = sink.received
      .map(({ body }) => JSON.parse(body) as WebhookEvent)
      .find(({ event }) => event.event_type === `incident.${type}`)!;

    expect(Object.keys(ours.event).sort()).toEqual(Object.keys(sample.event).sort());
    const keys = (data: Record<string, unknown>) =>
      Object.keys(data)
        .filter((key) => key !== "reopened_at")
        .sort();
    expect(keys(ours.event.data)).toEqual(keys(sample.event.data));
    expect(Object.keys(ours.event.data["service"] as object).sort()).toEqual(
      Object.keys(sample.event.data["service"] as object).sort(),
    );
    expect(ours.event.data["created_at"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  },
);

it.skipIf(!existsSync(samples))(
  "signs PagerDuty's sample to the same signature (skipped: no ../shared/samples)",
  () => {
    const { pagerduty } = JSON.parse(readFileSync(`${samples}/signatures.json`, "utf8")) as {
      pagerduty: { file: string; secret: string; value: string };
    };
    const body = readFileSync(`${samples}/${pagerduty.file}`, "utf8");

    expect(pagerduty.value.split(",")).toContain(sign(body, [pagerduty.secret]));
  },
);

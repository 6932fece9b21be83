import { expect, it } from "vitest";
import { services } from "../../../sandbox/pager/account.ts";
import { startPager } from "./setup.ts";

const { routingKey } = services[0]!;

async function startEvents() {
  const { url, pager, call } = await startPager();
  const send = async (event: object) => {
    const response = await fetch(`${url}/v2/enqueue`, {
      method: "POST",
      body: JSON.stringify({ routing_key: routingKey, ...event }),
    });
    return {
      status: response.status,
      body: (await response.json()) as { status: string; dedup_key?: string; errors?: string[] },
    };
  };
  const payload = {
    summary: "api error rate is 12 %",
    source: "alertmanager",
    severity: "critical",
    custom_details: { app: "api" },
  };
  const states = () => pager.incidents.all.map(({ status }) => status);
  return { pager, call, send, payload, states };
}

it("opens one incident for a key, however often it is triggered, and opens a new one after it was resolved", async () => {
  const { send, payload, states, pager, call } = await startEvents();
  const trigger = { event_action: "trigger", dedup_key: "k", payload };

  await send(trigger);
  await send(trigger);
  const afterTwo = states();
  await send({ event_action: "acknowledge", dedup_key: "k" });
  const afterAck = states();
  await send({ event_action: "resolve", dedup_key: "k" });
  await send(trigger);

  expect([afterTwo, afterAck, states()]).toEqual([
    ["triggered"],
    ["acknowledged"],
    ["resolved", "triggered"],
  ]);
  const alerts = (await call("GET", `/incidents/${pager.incidents.all[0]!.id}/alerts`)).body as {
    alerts: object[];
  };
  expect(alerts.alerts).toMatchObject([
    { alert_key: "k", status: "resolved", severity: "critical", body: { details: { app: "api" } } },
  ]);
});

it("accepts what leads nowhere: an unknown key, and a resolve without an open alert", async () => {
  const { send, states, payload } = await startEvents();

  const unknownKey = await send({ routing_key: "0".repeat(32), event_action: "trigger", payload });
  const nothingOpen = await send({ event_action: "resolve", dedup_key: "never" });

  expect([unknownKey.status, nothingOpen.status]).toEqual([202, 202]);
  expect(states()).toEqual([]);
});

it("makes up a key when none is given and says it", async () => {
  const { send, payload, pager } = await startEvents();

  const { body } = await send({ event_action: "trigger", payload });

  expect(body.dedup_key).toBe(pager.incidents.all[0]!.incidentKey);
});

it("says what is wrong with an event", async () => {
  const { send, payload } = await startEvents();

  const noPayload = await send({ event_action: "trigger" });
  const noKey = await send({ event_action: "resolve" });
  const badSeverity = await send({ event_action: "trigger", payload: { ...payload, severity: "bad" } });
  const shortKey = await send({ routing_key: "short", event_action: "trigger", payload });

  for (const { status, body } of [noPayload, noKey, badSeverity, shortKey]) {
    expect([status, body.status, body.errors?.length]).toEqual([400, "invalid event", 1]);
  }
});

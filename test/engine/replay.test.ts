import { expect, test } from "vitest";
import { readStream } from "../../src/store/timeline.ts";
import { alert, alertsOf, type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

/** A delivery is marked as done after its effects; a crash in between has it carried out again. */

async function kindsOf({ db }: EngineWorld, incident: number): Promise<string[]> {
  return (await readStream(db, `incident:${incident}`)).map(({ fact }) => fact.kind);
}

/** As a crash leaves it that comes after the incident was opened and before the alert was attached to it. */
async function detachAlerts({ db }: EngineWorld): Promise<void> {
  await db.updateTable("alert").set({ incident: null }).execute();
}

test.for(["outage", "security"])(
  "an alert of a %s opens one incident, however often it is carried out",
  async (kind) => {
    const world = await startEngineWorld();
    const alerts = alertsOf(world, await world.process());
    const it = alert({ labels: { app: "api", namespace: "credit-risk-ai", kind } });
    await alerts.receive([it], "delivery 1");
    await detachAlerts(world);
    await alerts.receive([it], "delivery 1");
    const incidents = await world.db.selectFrom("incident").select("number").execute();
    expect(incidents).toHaveLength(1);
    expect(await kindsOf(world, incidents[0]!.number)).toEqual(["incident.opened", "alert.fired"]);
    expect(await world.db.selectFrom("alert").select("incident").execute()).toEqual([
      { incident: incidents[0]!.number },
    ]);
  },
);

test("that an alert is over is recorded also when crai died after it had stored that", async () => {
  const world = await startEngineWorld();
  const alerts = alertsOf(world, await world.process());
  await alerts.receive([alert()], "delivery 1");
  await world.db.updateTable("alert").set({ status: "resolved" }).execute();
  const over = alert({ status: "resolved", endsAt: "2026-11-22T10:05:00.000Z" });
  await alerts.receive([over], "delivery 2");
  await alerts.receive([over], "delivery 2");
  expect(await kindsOf(world, 1)).toEqual(["incident.opened", "alert.fired", "alert.resolved"]);
});

test("an alert that is over stays so, whatever an old delivery says of it that comes late", async () => {
  const world = await startEngineWorld();
  const alerts = alertsOf(world, await world.process());
  await alerts.receive([alert()], "delivery 1");
  await alerts.receive([alert({ status: "resolved", endsAt: "2026-11-22T10:05:00.000Z" })], "delivery 2");
  await alerts.receive([alert()], "delivery 1 again");
  const known = await world.db.selectFrom("alert").select(["status", "received"]).execute();
  expect(known).toEqual([{ status: "resolved", received: 3 }]);
  expect(await kindsOf(world, 1)).toEqual(["incident.opened", "alert.fired", "alert.resolved"]);
});

test("a fix is worked out for every alert of an incident, also after an interruption", async () => {
  const world = await startEngineWorld();
  const alerts = alertsOf(world, await world.process());
  await alerts.receive([alert()], "delivery 1");
  await detachAlerts(world);
  await world.db.deleteFrom("deadline").where("kind", "=", "incident.offer").execute();
  await alerts.receive([alert()], "delivery 1");
  const due = await world.db
    .selectFrom("deadline")
    .select("subject")
    .where("kind", "=", "incident.offer")
    .execute();
  expect(due).toEqual([{ subject: { incident: 1, alert: 1 } }]);
});

test("an incident that is declared once is one incident, also without an app", async () => {
  const world = await startEngineWorld();
  const { uses } = await world.process();
  const declaration = {
    kind: "security",
    severity: "sev1",
    title: "leaked credentials",
    app: null,
    environment: null,
    detectedAt: new Date(),
    pagerdutyIncident: null,
    actor: robin,
    cause: "slash:1",
  } as const;
  const first = await uses.incidents.declare(declaration);
  const again = await uses.incidents.declare(declaration);
  expect(again).toMatchObject({ opened: true, incident: { number: first.incident.number } });
  expect(await kindsOf(world, first.incident.number)).toEqual(["incident.opened"]);
});

test("acknowledging, mitigating, resolving and reopening again for the same cause change and refuse nothing", async () => {
  const world = await startEngineWorld();
  const { uses } = await world.process();
  await alertsOf(world, await world.process()).receive([alert({ pagerdutyIncident: "PINC1" })], "delivery 1");
  for (const verb of ["acknowledge", "mitigate", "resolve", "reopen"] as const) {
    const act = { actor: robin, cause: `slash:${verb}`, reason: null };
    const once = await uses.incidents.change(verb, 1, act);
    expect(await uses.incidents.change(verb, 1, act)).toEqual(once);
  }
  expect(await kindsOf(world, 1)).toEqual([
    "incident.opened",
    "alert.fired",
    "incident.acknowledged",
    "incident.mitigated",
    "incident.resolved",
    "incident.reopened",
  ]);
  const told = await world.db.selectFrom("outbox").select("key").where("system", "=", "pagerduty").execute();
  expect(told).toHaveLength(4);
});

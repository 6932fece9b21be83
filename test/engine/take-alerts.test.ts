import { sql } from "kysely";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { doctor } from "../../commands/doctor.ts";
import type { Alert } from "../../src/domain/alert.ts";
import type { Invocation } from "../../src/engine/commands/invocation.ts";
import { createTakeDeliveries } from "../../src/engine/alerts/take-deliveries.ts";
import { type Handler, startInbox } from "../../src/engine/inbox.ts";
import { receive } from "../../src/store/inbox.ts";
import { createTelemetry } from "../../src/telemetry.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { alert, alertsOf, type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

/** PostgreSQL refuses to store alerts of this title, with this SQLSTATE, so often. */
async function refuseAlerts({ db }: EngineWorld, title: string, code: string, times: number): Promise<void> {
  await sql`create sequence refusals`.execute(db);
  await sql`create function refuse_alert() returns trigger language plpgsql as ${sql.lit(`
    begin
      if new.title = '${title}' then
        if nextval('refusals') <= ${times} then raise exception 'no room for it' using errcode = '${code}'; end if;
      end if;
      return new;
    end`)}`.execute(db);
  await sql`create trigger refuse before insert on alert for each row execute function refuse_alert()`.execute(
    db,
  );
}

/** Alertmanager's deliveries are carried out as `serve` does it; `clock.ahead`, in ms, passes the time between tries. */
function carryOut(world: EngineWorld, crai: Engine) {
  const clock = { ahead: 0 };
  const now = () => new Date(Date.now() + clock.ahead);
  const take = createTakeDeliveries({ db: world.db, alerts: alertsOf(world, crai), now });
  const none: Handler = () => Promise.resolve();
  const inbox = startInbox({
    db: world.db,
    handlers: { alertmanager: take, grafana: none, pagerduty: none, slack: none },
    turnOf: () => null,
    log: pino({ level: "silent" }),
    now,
  });
  onTestFinished(() => inbox.stop());
  return clock;
}

function deliver({ db }: EngineWorld, key: string, ...alerts: Alert[]): Promise<number | undefined> {
  return receive(db, { source: "alertmanager", key, body: { alerts }, receivedAt: new Date() });
}

function taken({ db }: EngineWorld) {
  return db.selectFrom("alert").select(["title", "received", "incident"]).orderBy("title").execute();
}

function open({ db }: EngineWorld) {
  return db.selectFrom("inbox").select(["attempts", "error"]).where("done_at", "is", null).execute();
}

async function doctorSays({ uses }: Engine): Promise<string> {
  const asked: Invocation = {
    id: "1",
    text: "doctor",
    actor: robin,
    place: { surface: "cli", channel: null, thread: null, responseUrl: null },
    at: new Date(),
  };
  const context = { invocation: asked, actor: robin, incident: null, now: () => new Date() };
  const { view } = await doctor.run({}, context, uses);
  return JSON.stringify(view);
}

function metrics({ db }: EngineWorld): Promise<string> {
  return createTelemetry({ db, version: "test", isSlackConnected: () => true, now: () => new Date() }).text();
}

test("an alert that cannot be taken takes no other with it, is kept, told of, and taken once that can be", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await refuseAlerts(world, "DiskFull", "P0001", 6);
  const clock = carryOut(world, crai);
  await deliver(world, "d1", alert({ fingerprint: "f2", title: "DiskFull" }), alert());
  await expect.poll(() => open(world), { timeout: 20_000 }).toMatchObject([{ attempts: 1 }]);
  expect(await open(world)).toEqual([{ attempts: 1, error: "DiskFull could not be taken: no room for it" }]);
  expect(await taken(world)).toEqual([{ title: "HighErrorRate", received: 1, incident: 1 }]);
  expect(await doctorSays(crai)).toMatch(
    /✗ alertmanager: 1 delivery could not be carried out since .*: DiskFull could not be taken: no room for it\. It is kept and tried again/,
  );
  expect(await metrics(world)).toContain('crai_inbox_failing{source="alertmanager"} 1');

  clock.ahead = 61_000;
  await expect.poll(() => open(world), { timeout: 10_000 }).toMatchObject([{ attempts: 2 }]);
  clock.ahead = 200_000;
  await expect.poll(() => open(world), { timeout: 10_000 }).toEqual([]);
  expect(await taken(world)).toEqual([
    { title: "DiskFull", received: 1, incident: 1 },
    { title: "HighErrorRate", received: 1, incident: 1 },
  ]);
  expect(await metrics(world)).not.toContain('crai_inbox_failing{source="alertmanager"}');
});

test("an alert that was in another transaction's way is taken at the next try", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  await refuseAlerts(world, "DiskFull", "40P01", 2);
  expect(await alertsOf(world, crai).receive([alert({ title: "DiskFull" })], "d1")).toEqual([]);
  expect(await taken(world)).toEqual([{ title: "DiskFull", received: 1, incident: 1 }]);
});

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createPagerClient } from "../../../src/adapters/pagerduty/client.ts";
import { startPagerDelivery } from "../../../src/adapters/pagerduty/delivery.ts";
import { tellPager } from "../../../src/engine/record.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { createTestDatabase } from "../../support/database.ts";

const robin = { id: "PROBIN", email: "robin@example.com" };

/** A PagerDuty that knows Robin, never answers about the incident QSLOW, and takes everything else. */
async function startPagerDuty() {
  const asked: string[] = [];
  function answer(req: IncomingMessage, res: ServerResponse): void {
    asked.push(`${req.method} ${req.url}`);
    if (req.url?.includes("QSLOW") === true) return;
    const body = req.url?.startsWith("/users")
      ? { users: [robin] }
      : { incident: { id: "QFAST", last_status_change_at: "2026-11-22T14:00:00Z" } };
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
  const server = createServer((req, res) => {
    req.resume();
    answer(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close };
}

test("an incident that PagerDuty is slow about holds up no other", async () => {
  const { url, asked, close } = await startPagerDuty();
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  const delivery = startPagerDelivery({
    db,
    client: createPagerClient({ token: "t", url, timeout: 20_000 }),
    directory: { email: () => Promise.resolve(robin.email) },
    serviceUser: null,
    now: () => new Date(),
    log: pino({ level: "silent" }),
  });
  onTestFinished(async () => {
    close();
    await delivery.stop();
    await db.destroy();
    await database.drop();
  });
  const by = { slack: "U0ROBIN", name: "Robin" };
  const tell = async (pagerdutyIncident: string, verb: "acknowledge" | "resolve"): Promise<void> => {
    const key = `${pagerdutyIncident}:${verb}`;
    await tellPager(db, { key, about: null }, { do: verb, pagerdutyIncident, by }, new Date());
    delivery.wake();
  };

  await tell("QSLOW", "acknowledge");
  await expect.poll(() => asked).toContain("PUT /incidents/QSLOW");
  await tell("QFAST", "acknowledge");
  await tell("QFAST", "resolve");

  await expect
    .poll(() => asked.filter((line) => line === "PUT /incidents/QFAST").length, { timeout: 10_000 })
    .toBe(2);
  const rows = await db
    .selectFrom("outbox")
    .select(["key", "delivered_version", "receipt"])
    .orderBy("id")
    .execute();
  expect(rows).toMatchObject([
    { key: "QSLOW:acknowledge", delivered_version: 0 },
    { key: "QFAST:acknowledge", receipt: { id: "PROBIN", at: "2026-11-22T14:00:00Z" } },
    { key: "QFAST:resolve" },
  ]);
});

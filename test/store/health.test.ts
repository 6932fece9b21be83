import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { healthOf, recordSighting } from "../../src/store/health.ts";
import { createTestDatabase } from "../support/database.ts";

const minute = 60_000;

test("a release is healthy after ten minutes in which it was always well, and what it was once it stays", async () => {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  onTestFinished(async () => {
    await db.destroy();
    await database.drop();
  });
  const began = new Date("2026-11-22T10:00:00Z").getTime();
  async function see(after: number, well: boolean): Promise<number | null> {
    await recordSighting(db, {
      target: "practice/credit-risk-ai/deployment/api-deployment",
      template: "t1",
      revision: 3,
      well,
      why: well ? null : "Error rate over its target",
      at: new Date(began + after * minute),
      healthyAfter: 10 * minute,
    });
    const [known] = await healthOf(db, "practice/credit-risk-ai/deployment/api-deployment");
    const { healthy_at: healthyAt } = known!;
    return healthyAt === null ? null : (healthyAt.getTime() - began) / minute;
  }

  expect(await see(0, true)).toBeNull();
  expect(await see(9, true)).toBeNull();
  expect(await see(9.5, false)).toBeNull();
  expect(await see(10, true)).toBeNull();
  expect(await see(19, true)).toBeNull();
  expect(await see(20, true)).toBe(20);
  expect(await see(21, false)).toBe(20);
  expect(await see(30, true)).toBe(20);
  expect(await see(40, true)).toBe(40);
});

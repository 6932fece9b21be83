import { afterAll, expect, test } from "vitest";
import { actions } from "../../../src/actions/index.ts";
import { loadPlaybooks } from "../../../src/engine/playbooks/load-playbooks.ts";
import { indexActions, type LoadedPlaybook } from "../../../src/engine/playbooks/loaded.ts";
import { createReviews } from "../../../src/engine/playbooks/reviews.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { readStream } from "../../../src/store/timeline.ts";
import { createTestDatabase } from "../../support/database.ts";

const database = await createTestDatabase();
const db = openDatabase(database.url);
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const [first] = [...loadPlaybooks("playbooks", indexActions(actions)).values()];
let time = new Date("2026-11-23T09:00:00Z");

function playbook(name: string, owner: string, nextReview: string): [string, LoadedPlaybook] {
  return [name, { ...first!, metadata: { ...first!.metadata, name, owner, nextReview } }];
}

let inForce = new Map([
  playbook("rollback", "SRE", "2026-11-23"),
  playbook("retrain", "ML Engineering", "2026-11-22"),
  playbook("analyze", "ML Engineering", "2026-11-01"),
]);
const flag = createReviews({
  db,
  config: {
    timeZone: "UTC",
    slack: { command: "/crai", announce: "C0INCIDENTS" },
    teams: { SRE: { channel: "C0SRE" } },
    contacts: { "ML Engineering": { slack: "S0ML" } },
  },
  playbooks: () => inForce,
  now: () => time,
});

async function told(): Promise<{ channel: unknown; text: string }[]> {
  const rows = await db.selectFrom("outbox").select("message").orderBy("id").execute();
  return rows.map(({ message }) => ({
    channel: (message as { channel?: unknown }).channel,
    text: JSON.stringify(message),
  }));
}

test("playbooks past their day of review are flagged to their owner, together and once", async () => {
  await flag();
  await flag();

  const [ml, ...more] = await told();
  expect(more).toEqual([]);
  expect(ml?.channel).toEqual({ id: "C0INCIDENTS" });
  expect(ml?.text).toContain('"group":"S0ML"');
  expect(ml?.text).toContain("2 playbooks are past the day of review");
  expect(ml?.text).toMatch(/retrain.*2026-11-22.*analyze.*2026-11-01/);
});

test("the next day brings only what has become due, and a new date is a new day of review", async () => {
  time = new Date("2026-11-24T09:00:00Z");
  inForce = new Map([...inForce, playbook("retrain", "ML Engineering", "2026-11-23")]);

  await flag();

  const [, ...news] = await told();
  expect(news.map(({ channel }) => channel)).toEqual([{ id: "C0SRE" }, { id: "C0INCIDENTS" }]);
  expect(news[1]?.text).toContain("A playbook is past the day of review");
  expect((await readStream(db, "crai")).map(({ fact }) => fact)).toHaveLength(4);
});

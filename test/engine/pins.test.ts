import { addSeconds } from "date-fns";
import { pino } from "pino";
import { afterAll, beforeEach, expect, test } from "vitest";
import { UserError } from "../../src/domain/errors.ts";
import { createIncidents } from "../../src/engine/incidents/incidents.ts";
import { createShowIncident } from "../../src/engine/incidents/show-incident.ts";
import { createPins } from "../../src/engine/incidents/pins.ts";
import type { Chat } from "../../src/engine/ports.ts";
import { openDatabase } from "../../src/store/database.ts";
import { updateIncident } from "../../src/store/incidents.ts";
import { dueDeadlines } from "../../src/store/deadlines.ts";
import { outboxByKey } from "../../src/store/outbox.ts";
import { readStream } from "../../src/store/timeline.ts";
import { createTestDatabase } from "../support/database.ts";
import { robin } from "./incident-record.ts";

const database = await createTestDatabase();
const db = openDatabase(database.url);
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

let time = new Date("2026-11-22T14:00:00Z");
const now = (): Date => time;
const log = pino({ level: "silent" });
const incidents = createIncidents({
  showIncident: createShowIncident({ apps: {}, now }),
  db,
  announce: undefined,
  escalate: null,
  stillFiring: 600_000,
  wakeOutbox: () => undefined,
  now,
});

/** What Slack shows of a message; `undefined` = Slack does not answer. */
let shown: Awaited<ReturnType<Chat["message"]>> | undefined;
const pins = createPins({
  db,
  chat: {
    message: () =>
      shown === undefined
        ? Promise.reject(new UserError("Slack does not answer", { why: "a test", next: "wait" }))
        : Promise.resolve(shown),
  },
  directory: { displayName: (user) => Promise.resolve(user === "U0ROBIN" ? "Robin" : user) },
  authorizer: {
    demand: ({ ...actor }) =>
      "id" in actor && actor.id === "U0NOOR"
        ? Promise.reject(new UserError("You may not add notes.", { why: "No role.", next: "Ask." }))
        : Promise.resolve(),
  },
  wakeOutbox: () => undefined,
  now,
  log,
});

let channel = "";
let incident = 0;
let count = 0;
beforeEach(async () => {
  count += 1;
  channel = `C0INC${count}`;
  const declared = await incidents.declare({
    kind: "outage",
    severity: "sev2",
    title: `Outage ${count}`,
    app: null,
    environment: null,
    detectedAt: now(),
    pagerdutyIncident: null,
    actor: robin,
    cause: `test ${count}`,
  });
  incident = declared.incident.number;
  await updateIncident(db, incident, { channel });
  shown = {
    text: "FATAL: out of connections",
    author: "U0GUEST",
    authorName: "Guest without any account",
    link: "https://credit-risk.slack.com/archives/C/p1",
  };
});

async function facts() {
  return (await readStream(db, `incident:${incident}`)).map(({ fact }) => fact).slice(1);
}

const pin = () => ({ by: robin, channel, ts: "1700000000.000100" });

test("a message that somebody without rights pins is on no timeline until somebody with rights does", async () => {
  const noor = { kind: "person", id: "U0NOOR", name: "Noor" } as const;
  await pins.pinned({ ...pin(), by: noor });
  expect(await facts()).toMatchObject([{ kind: "command.refused", what: "You may not add notes." }]);
  expect(await outboxByKey(db, `pinned:${channel}:${pin().ts}:refused:U0NOOR`)).toMatchObject({
    message: { do: "ephemeral", channel, user: "U0NOOR" },
  });

  await pins.pinned(pin());
  expect((await facts()).at(-1)).toMatchObject({ kind: "message.pinned" });
});

test("a pinned message is on the timeline once, with its author and link, whoever pins it how often", async () => {
  await pins.pinned(pin());
  await pins.pinned({ ...pin(), by: { kind: "person", id: "U0ALEX", name: "Alex" } });

  expect(await facts()).toEqual([
    {
      kind: "message.pinned",
      text: "FATAL: out of connections",
      author: "Guest without any account",
      link: "https://credit-risk.slack.com/archives/C/p1",
    },
  ]);
});

test("people see by a reaction that it is recorded", async () => {
  await pins.pinned(pin());

  const effect = await outboxByKey(db, `pinned:${channel}:1700000000.000100:seen`);
  expect(effect?.message).toMatchObject({ do: "react", emoji: "memo", ts: "1700000000.000100" });
});

test("editing and deleting it later amends the entry and leaves it as it was", async () => {
  await pins.pinned(pin());
  const changed = { kind: "message.changed", ...pin(), at: now().toISOString() } as const;
  await pins.changed({ ...changed, text: "out of disk" }, "event:Ev1");
  await pins.changed({ ...changed, text: "out of disk" }, "event:Ev1");
  await pins.changed({ ...changed, text: null }, "event:Ev2");

  expect(await facts()).toMatchObject([
    { kind: "message.pinned", text: "FATAL: out of connections" },
    { kind: "entry.amended", seq: 2, text: "Edited to: out of disk" },
    { kind: "entry.amended", seq: 2, text: "Deleted in Slack." },
  ]);
});

test("a message nobody pinned may change as it likes", async () => {
  await pins.changed({ kind: "message.changed", ...pin(), text: "x", at: now().toISOString() }, "event:Ev3");

  expect(await facts()).toEqual([]);
});

test("pinning where no incident is tells the person, and only them", async () => {
  await pins.pinned({ ...pin(), channel: "C0GENERAL" });

  const told = await outboxByKey(db, "pinned:C0GENERAL:1700000000.000100:no-incident:U0ROBIN");
  expect(told?.message).toMatchObject({ do: "ephemeral", channel: "C0GENERAL", user: "U0ROBIN" });
});

test("while Slack does not answer nothing is lost: it is asked again", async () => {
  shown = undefined;
  await pins.pinned(pin());
  expect(await facts()).toEqual([]);

  time = addSeconds(time, 10);
  const [due] = (await dueDeadlines(db, now())).filter(({ kind }) => kind === "pin.read");
  expect(await pins.readAgain(due!.subject)).toEqual(addSeconds(time, 10));

  shown = { text: "later", author: "U1", authorName: "Sasha", link: null };
  expect(await pins.readAgain(due!.subject)).toBeUndefined();
  expect(await facts()).toMatchObject([{ kind: "message.pinned", text: "later", author: "Sasha" }]);
});

test("a message that Slack does not show for a quarter of an hour is recorded as pinned all the same", async () => {
  shown = undefined;
  const since = addSeconds(time, -900).toISOString();
  await pins.readAgain({ channel, ts: "1700000000.000100", user: "U0ROBIN", name: "Robin", since });

  expect(await facts()).toMatchObject([{ kind: "message.pinned", text: "Slack did not show this message." }]);
});

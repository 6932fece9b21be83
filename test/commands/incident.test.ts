import { createHash, randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { commands } from "../../commands/index.ts";
import type { Person } from "../../src/domain/actor.ts";
import type { View } from "../../src/domain/view.ts";
import { createDispatch } from "../../src/engine/commands/dispatch.ts";
import { updateIncident } from "../../src/store/incidents.ts";
import { readStream } from "../../src/store/timeline.ts";
import { renderText } from "../../src/cli/render-text.ts";
import { actorOf, alex, robin, startEngineWorld } from "../engine/engine-world.ts";

const log = pino({ level: "silent" });
const noor = actorOf(people.noor);

/** A workspace where people type; what they are answered is what they would read. */
async function startDesk() {
  const world = await startEngineWorld();
  const now = (): Date => new Date();
  const { uses } = await world.process();
  const dispatch = createDispatch({ commands, uses, now, log });
  async function type(actor: Person, text: string, channel = "C0GENERAL") {
    const place = { surface: "slash", channel, thread: null, responseUrl: null } as const;
    const reply = await dispatch({ id: `test:${randomUUID()}`, text, actor, place, at: now() });
    return { ...reply, text: read(reply.view) };
  }
  /** Declares, and gives it the channel that Slack would open. */
  async function declare(text = "incident declare api is down --app api") {
    const { text: said } = await type(robin, text);
    const number = Number(/inc-0*(\d+)/.exec(said)?.[1]);
    const channel = `C0INC${number}`;
    await updateIncident(world.db, number, { channel });
    return { number, channel };
  }
  const facts = async (number: number) =>
    (await readStream(world.db, `incident:${number}`)).map(({ fact }) => fact);
  const outbox = async (system: "slack" | "pagerduty") =>
    (
      await world.db
        .selectFrom("outbox")
        .select("message")
        .where("system", "=", system)
        .orderBy("id")
        .execute()
    ).map(({ message }) => message);
  return { world, type, declare, facts, outbox };
}

function read(view: View): string {
  return renderText(view, { width: 200, colors: false });
}

test("declaring opens one incident an app, with whoever declared it in its channel", async () => {
  const { type, facts, outbox } = await startDesk();

  const first = await type(robin, "incident declare api returns 500 --app api --severity sev1");
  const second = await type(alex, "incident declare api is slow --app api");

  expect(first.text).toBe("Declared sev1 outage #inc-0001-api-returns-500. Its channel opens now.");
  expect(second.text).toMatch(/api has an open outage already: #inc-0001/);
  expect(await facts(1)).toMatchObject([
    { kind: "incident.opened", title: "api returns 500", severity: "sev1" },
  ]);
  expect(await outbox("slack")).toContainEqual({
    do: "invite",
    channel: { incident: 1 },
    users: [robin.id],
  });
});

test("a security incident is private from its first message, and its name tells nothing", async () => {
  const { type, outbox } = await startDesk();

  const reply = await type(robin, "incident declare credentials leaked --kind security");

  expect(reply.to).toBe("asker");
  const messages = await outbox("slack");
  expect(messages).toContainEqual({
    do: "open-channel",
    incident: 1,
    name: "inc-0001",
    private: true,
    topic: "sev2 security",
  });
  const elsewhere = messages.filter((message) => !goesToIncident(message));
  expect(JSON.stringify(elsewhere)).not.toContain("credentials");
  expect((await type(robin, "incident list")).text).toBe("No incident is open.");
});

function goesToIncident(message: object): boolean {
  return "channel" in message && typeof message.channel === "object";
}

test("what is asked for wrongly is answered with what to type instead", async () => {
  const { type } = await startDesk();

  const answers = await Promise.all(
    [
      "incident declare",
      "incident declare x --severity sev9",
      "incident declare x --app apj",
      "incident explode",
      "ack",
      "timeline --incident 77",
    ].map(async (text) => (await type(robin, text)).text.split("\n")),
  );

  expect(answers.map(([what]) => what)).toEqual([
    "What is wrong?",
    'There is no severity "sev9".',
    'There is no app "apj".',
    'incident does not know "explode".',
    "Which incident?",
    'There is no incident "77".',
  ]);
  for (const lines of answers) expect(lines.length).toBeGreaterThan(1);
});

test("somebody without rights may neither declare nor read", async () => {
  const { type, declare } = await startDesk();
  const { number } = await declare();

  for (const text of ["incident declare x", "incident list", `timeline --incident ${number}`, "doctor"]) {
    const reply = await type(noor, text);
    expect(reply).toMatchObject({ to: "asker", trouble: "refused" });
    expect(reply.text).toMatch(/^You may not /);
  }
});

test("acknowledging, mitigating, resolving and reopening are on the record with who and why, and PagerDuty follows", async () => {
  const { world, type, declare, facts, outbox } = await startDesk();
  const { number, channel } = await declare();
  await updateIncident(world.db, number, { pagerdutyIncident: "Q1" });

  await type(robin, "ack", channel);
  await type(robin, 'mitigate --reason "rolled back"', channel);
  const twice = await type(robin, "mitigate", channel);
  await type(alex, "resolve", channel);
  await type(alex, "reopen --reason again", channel);

  expect((await facts(number)).slice(1)).toEqual([
    { kind: "incident.acknowledged", reason: null },
    { kind: "incident.mitigated", reason: "rolled back" },
    expect.objectContaining({ kind: "command.refused", command: "mitigate" }),
    { kind: "incident.resolved", reason: null },
    { kind: "incident.reopened", reason: "again" },
  ]);
  expect(twice.text).toMatch(/is mitigated already\.\n.*Robin did that at .*: rolled back\./);
  expect((await outbox("pagerduty")).map((message) => (message as { do: string }).do)).toEqual([
    "acknowledge",
    "note",
    "resolve",
    "reopen",
  ]);
});

test("severity and roles change with a reason, and a mention, an address and `me` name people", async () => {
  const { type, declare, facts } = await startDesk();
  const { number, channel } = await declare();

  await type(robin, 'incident severity sev1 --reason "all customers"', channel);
  await type(robin, "incident role commander @U0ALEX", channel);
  await type(robin, `incident role operations ${people.sasha.email}`, channel);
  await type(robin, "incident role scribe me", channel);
  const nobody = await type(robin, "incident role scribe @alex", channel);

  expect((await facts(number)).slice(1, 5)).toEqual([
    { kind: "severity.changed", from: "sev2", to: "sev1", reason: "all customers" },
    { kind: "role.assigned", role: "commander", person: "U0ALEX", name: "Alex" },
    { kind: "role.assigned", role: "operations", person: "U0SASHA", name: "Sasha" },
    { kind: "role.assigned", role: "scribe", person: "U0ROBIN", name: "Robin" },
  ]);
  expect(nobody.text).toMatch(/^"@alex" names nobody/);
  expect((await type(robin, "incident roles", channel)).text).toMatch(/Commander +Alex/);
});

test("the timeline reads in order and in UTC, and notes are on it whatever they hold", async () => {
  const { type, declare } = await startDesk();
  const { channel } = await declare();
  await type(robin, "note cache is cold", channel);

  const { text } = await type(robin, "timeline", channel);

  expect(text).toMatch(/\d\d:\d\d:\d\d 1\. Robin opened a sev2 outage of api in prod: api is down/);
  expect(text).toMatch(/2\. Robin noted: cache is cold/);
});

test("a long timeline shows the latest first and keeps the rest below", async () => {
  const { type, declare } = await startDesk();
  const { channel } = await declare();
  for (let index = 1; index <= 60; index += 1) await type(robin, `note number ${index}`, channel);

  const reply = await type(robin, "timeline", channel);

  expect(reply.text).toContain("The last 50 of 61 entries.");
  expect(reply.text).not.toContain("number 5\n");
  expect(read(reply.details!)).toContain("number 5");
});

test("the exported file is the one whose hash is on the timeline", async () => {
  const { type, declare, facts } = await startDesk();
  const { number, channel } = await declare();

  const { attachments = [] } = await type(robin, "export", channel);

  const [file] = attachments;
  expect(file?.filename).toBe("post-mortem-inc-0001-api-is-down.md");
  expect(file?.content).toContain("# Post-mortem: outage of api in prod, api is down");
  expect((await facts(number)).at(-1)).toEqual({
    kind: "export.made",
    format: "Markdown",
    sha256: createHash("sha256").update(file!.content).digest("hex"),
  });
});

test("who is on call is said with whom to ask otherwise", async () => {
  const { type } = await startDesk();

  expect((await type(robin, "oncall api")).text).toMatch(/api +Robin +no end +\S/);
});

test("the doctor names what does not work and what is not in use", async () => {
  const { world, type } = await startDesk();
  await world.db
    .insertInto("webhook")
    .values({
      source: "pagerduty",
      seen_at: new Date("2026-11-22T10:00:00Z"),
      refused_at: new Date("2026-11-22T11:00:00Z"),
      refused_why: "its signature is wrong",
    })
    .execute();

  const { text } = await type(robin, "doctor");

  expect(text).toMatch(/✓ answers, Kubernetes v/);
  expect(text).toMatch(/✓ you are robin@/);
  expect(text).toMatch(/✓ api in prod: you may roll back/);
  expect(text).toMatch(/✗ practice: Prometheus/);
  expect(text).toMatch(/✗ pagerduty: last heard .*last refused .*its signature is wrong/);
  expect(text).toMatch(/– grafana: never heard/);
});

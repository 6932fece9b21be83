import { beforeAll, describe, expect, test, vi } from "vitest";
import { services } from "../../sandbox/pager/account.ts";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import { listIncidents } from "../../src/store/incidents.ts";
import {
  ask,
  type Client,
  entriesOf,
  startWorld,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { alertmanagerBody, dedupKey, grafanaBody, post } from "../support/webhooks.ts";

/** Stands in titles, labels, notes and reasons of confidential incidents, and nowhere else. */
const canary = "CANARY-7f3a";
const groupKey = `{}:{alertname="${canary}"}`;

let world: World;
/** The incident that an alert opened, and its channel as Alex sees it. */
let alerted: { number: number; channel: Channel };
/** The one that Sasha declared. */
let declared: { number: number; channel: Channel };

beforeAll(async () => {
  world = await startWorld({
    env: { LOG_LEVEL: "trace" },
    configure: (config) => {
      config.confidential = { members: ["S0LEADS"], breach: [{ team: "privacy" }] };
    },
  });
  return () => world.close();
});

async function incidentTitled(title: string) {
  const found = (await listIncidents(world.db, { audience: "everything", limit: 50 })).find(
    (incident) => incident.title === title,
  );
  return found;
}

/** What the outsider's Slack shows: every channel, message, thread and the Home tab. */
async function everythingSeenBy(client: Client): Promise<string> {
  const seen: unknown[] = await client.channels();
  for (const { id } of await client.channels()) {
    const messages = await client.history(id);
    seen.push(...messages);
    for (const { ts, reply_count: replies = 0 } of messages)
      if (replies > 0) seen.push(...(await client.thread(id, ts)));
  }
  seen.push(await client.home());
  return JSON.stringify(seen);
}

/** Everything crai has to send is sent. */
async function quiet(): Promise<void> {
  await expect
    .poll(
      () =>
        world.db
          .selectFrom("outbox")
          .select(["key", "error"])
          .whereRef("delivered_version", "<", "version")
          .where("failed_at", "is", null)
          .execute(),
      { timeout: withinMs },
    )
    .toEqual([]);
}

describe("an incident that an alert of kind security opens", () => {
  beforeAll(async () => {
    const alert = {
      labels: { alertname: canary, app: "api", namespace: "credit-risk-ai", kind: "security", who: canary },
      annotations: { summary: `${canary} in the audit log` },
    };
    await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody([alert], groupKey));
    const channel = await world.alex.waitForChannel(/^inc-/, { withinMs });
    alerted = { number: (await incidentTitled(canary))!.number, channel };
    await world.alex.waitForMessage(channel.id, new RegExp(canary), { withinMs });
  });

  test("is private from the first call, and its name says nothing", () => {
    const creations = world.calls.filter(({ method }) => method === "conversations.create");
    expect(creations).toHaveLength(1);
    expect(String(creations[0]!.args["is_private"])).toBe("true");
    expect(alerted.channel).toMatchObject({ is_private: true, name: expect.stringMatching(/^inc-\d{4}$/) });
    expect(world.calls.filter(({ method }) => method.startsWith("conversations.convert"))).toEqual([]);
  });

  test("has those in it whom crai.yaml names, and nobody who is on call", async () => {
    const { members } = await world.alex.call("channel.members", { channel: alerted.channel.id });
    expect(members.map(({ id }) => id).toSorted()).toEqual(["U0ALEX", "U0CRAI"]);
  });

  test("is told of nowhere when PagerDuty tells of the same group", async () => {
    await fetch(`${world.sandbox.url}/pager/v2/enqueue`, {
      method: "POST",
      body: JSON.stringify({
        routing_key: services.find(({ id }) => id === "PSVCAPI")!.routingKey,
        event_action: "trigger",
        dedup_key: dedupKey(groupKey),
        payload: { summary: `${canary} by PagerDuty`, source: "api", severity: "critical" },
      }),
    });
    await expect
      .poll(async () => (await incidentTitled(canary))?.pagerdutyIncident, { timeout: withinMs })
      .toEqual(expect.any(String));
    expect(await listIncidents(world.db, { audience: "everything", limit: 50 })).toHaveLength(1);
  });

  test("takes no other alert in: an outage of the same app is an incident of its own", async () => {
    const outage = { labels: { alertname: "HighLatency", app: "api", namespace: "credit-risk-ai" } };
    await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody([outage]));
    const channel = await world.robin.waitForChannel(/^inc-.*highlatency/, { withinMs });
    await world.robin.waitForMessage(channel.id, /HighLatency/, { withinMs });
    const kinds = (await entriesOf(world, alerted.number)).map(({ fact }) => fact);
    expect(kinds.filter(({ kind }) => kind === "alert.fired").map((fact) => JSON.stringify(fact))).toEqual([
      expect.stringContaining("alertmanager"),
      expect.stringContaining("pagerduty"),
    ]);
  });

  test("is worked on in its channel, up to the post-mortem", async () => {
    const { alex, sasha } = world;
    const { id } = alerted.channel;
    for (const line of [
      `note ${canary} came by the CI token`,
      `incident severity sev1 --reason "${canary} spreads"`,
      "ack",
    ])
      await alex.command(id, `/crai ${line}`);
    await alex.command(id, `/crai rollback api --to 1 --reason "${canary} is in v1.1.9"`);
    const plan = await alex.waitForMessage(id, /Roll api-deployment back[\s\S]*P\d+ ·/, { withinMs });
    expect(textOf(plan)).toContain(canary);
    const name = /(P\d+) ·/.exec(textOf(plan))![1]!;
    expect(await ask(alex, id, `/crai approve ${name} --break-glass --reason "${canary}"`)).toMatch(
      /cannot be broken yet/,
    );
    await alex.command(id, "/crai incident role operations sasha@credit-risk-ai.example.com");
    await sasha.waitForChannel(new RegExp(`^${alerted.channel.name}$`), { withinMs });
    await sasha.command(id, `/crai approve ${name} --reason "${canary} must go"`);
    await alex.waitForMessage(id, /R\d+ (Cured|Carried|Stuck|Failed|Outcome|Not|Done)/, { withinMs });
    await alex.command(id, `/crai incident declare "${canary} nested" --kindd security`);
    await alex.command(id, `/crai mitigate --reason "${canary} is revoked"`);
    await alex.waitForMessage(id, /mitigated the incident/, { withinMs });
    await alex.command(id, "/crai export");
    await alex.waitForMessage(id, /Post-mortem/, { withinMs });
    expect(await ask(alex, id, "/crai timeline")).toContain(canary);
  });
});

test("an incident that somebody declares as security elsewhere is answered to them alone", async () => {
  const answer = await ask(
    world.sasha,
    teamChannel,
    `/crai incident declare "${canary} leaked" --kind security --app api`,
  );
  expect(answer).toMatch(/Declared sev2 security #inc-\d{4}\./);
  await expect
    .poll(async () => (await incidentTitled(`${canary} leaked`))?.channel, { timeout: withinMs })
    .toEqual(expect.any(String));
  const { number, channel } = (await incidentTitled(`${canary} leaked`))!;
  const shown = await world.sasha.waitForChannel(new RegExp(`^inc-0*${number}$`), { withinMs });
  expect(shown.is_private).toBe(true);
  declared = { number, channel: shown };
  await world.sasha.waitForMessage(channel!, new RegExp(canary), { withinMs });
});

describe("a breach that a matcher of crai.yaml makes of a warning", () => {
  let breach: Channel;
  beforeAll(async () => {
    const alert = { labels: { alertname: `${canary}-export`, team: "privacy", severity: "warning" } };
    await post(world.sandbox.crai.url, "grafana", grafanaBody([alert]));
    const number = await vi.waitFor(async () => (await incidentTitled(`${canary}-export`))!.number, {
      timeout: withinMs,
    });
    breach = await world.alex.waitForChannel(new RegExp(`^inc-0*${number}$`), { withinMs });
  });

  test("is private and no message in an app's channel", async () => {
    expect(breach.is_private).toBe(true);
    expect((await incidentTitled(`${canary}-export`))?.kind).toBe("breach");
  });

  test("keeps what is planned in it, though the app has an open outage of its own", async () => {
    const { alex } = world;
    await alex.command(breach.id, `/crai rollback api --to 2 --reason "${canary} leaks"`);
    const plan = await alex.waitForMessage(breach.id, new RegExp(`${canary} leaks`), { withinMs });
    expect(textOf(plan)).toMatch(/Roll api-deployment back/);
  });
});

test("to everybody else it is as if it did not exist, in the same words", async () => {
  const { robin, db } = world;
  await quiet();
  const hidden = alerted.number;
  const plan = (
    await db.selectFrom("plan").select("number").where("incident", "=", hidden).executeTakeFirstOrThrow()
  ).number;
  const run = (
    await db.selectFrom("run").select("number").where("incident", "=", hidden).executeTakeFirstOrThrow()
  ).number;
  const lines: ((what: { incident: number; plan: number; run: number }) => string)[] = [
    ({ incident }) => `timeline --incident ${incident}`,
    ({ incident }) => `timeline --incident inc-000${incident}`,
    ({ incident }) => `export --incident ${incident}`,
    ({ incident }) => `ack --incident ${incident}`,
    ({ incident }) => `resolve --incident ${incident}`,
    ({ incident }) => `note hello --incident ${incident}`,
    ({ incident }) => `incident roles --incident ${incident}`,
    ({ incident }) => `incident severity sev4 --incident ${incident}`,
    ({ plan }) => `status P${plan}`,
    ({ plan }) => `approve P${plan}`,
    ({ plan }) => `deny P${plan}`,
    ({ run }) => `runs R${run}`,
    ({ run }) => `undo R${run}`,
    ({ run }) => `stop R${run}`,
  ];
  for (const line of lines) {
    const real = await ask(robin, teamChannel, `/crai ${line({ incident: hidden, plan, run })}`);
    const never = await ask(robin, teamChannel, `/crai ${line({ incident: 8, plan: 77, run: 77 })}`);
    const plain = (text: string): string => text.replaceAll(/\d+/g, "N");
    expect(plain(real)).toBe(plain(never));
    expect(real).toMatch(/There is no (incident|plan|run)/);
  }
  expect(await ask(robin, teamChannel, "/crai incident list --all")).not.toMatch(/inc-\d{4}\b(?!-)/);
  for (const line of ["runs --all", "status api", "history api", "locks", "playbooks"])
    expect(await ask(robin, teamChannel, `/crai ${line}`)).not.toContain(canary);
  const home = await robin.home();
  expect(home === null ? "" : textOf(home)).not.toContain(canary);
});

test("a lock of its run names neither run nor holder anywhere else", async () => {
  const { robin, alex, db } = world;
  const target = "practice/credit-risk-ai/deployment/api-deployment";
  const { number: run } = await db
    .selectFrom("run")
    .select("number")
    .where("incident", "=", alerted.number)
    .executeTakeFirstOrThrow();
  const holder = JSON.stringify({ kind: "person", id: "U0ALEX", name: "Alex" });
  await db.insertInto("lock").values({ target, run, holder, taken_at: new Date() }).execute();
  const lines = ["status api", "locks", `locks take ${target} --reason "it hangs"`];
  for (const line of lines)
    expect(await ask(robin, teamChannel, `/crai ${line}`)).not.toMatch(new RegExp(`R${run}|Alex`));
  expect(await ask(alex, alerted.channel.id, "/crai status api")).toContain(`R${run}, Alex`);
  expect(await db.deleteFrom("lock").returning("target").execute()).toEqual([{ target }]);
});

test("a member of one confidential incident hears nothing of another", async () => {
  const list = await ask(world.alex, alerted.channel.id, "/crai incident list --all");
  expect(list).toContain(canary);
  expect(list).not.toContain(`${canary} leaked`);
  expect(await ask(world.alex, alerted.channel.id, `/crai timeline --incident ${declared.number}`)).toMatch(
    /There is no incident/,
  );
});

test("nothing of it leaves to anywhere but its channel and its members", async () => {
  await quiet();
  for (const outsider of [world.robin, world.noor])
    expect(await everythingSeenBy(outsider)).not.toContain(canary);

  const direct = await Promise.all(
    [world.alex, world.sasha].map(async ({ call }) => (await call("im.open", { user: "U0CRAI" })).channel.id),
  );
  const { channels } = await world.alex.call("channels.list", {});
  const hidden = [...channels, ...(await world.sasha.channels())]
    .filter((one) => one.is_private)
    .map(({ id }) => id);
  const allowed = new Set([...hidden, ...direct]);
  const told = world.calls.filter(({ args }) => JSON.stringify(args).includes(canary));
  expect(told.length).toBeGreaterThan(5);
  const elsewhere = told.filter(({ method, args }) => {
    // To one person, through the address that came with their own command; the rest is in what outsiders see.
    if (method === "response_url") return args["response_type"] !== "ephemeral";
    return !allowed.has(String(args["channel"] ?? args["channel_id"]));
  });
  expect(elsewhere).toEqual([]);

  const inPager = world.sandbox.pager.incidents.all.flatMap(({ notes }) =>
    notes.map(({ content }) => content),
  );
  expect(JSON.stringify(inPager)).not.toContain(canary);
  expect(await (await fetch(`${world.sandbox.crai.url}/metrics`)).text()).not.toContain(canary);
  expect(world.log()).not.toContain(canary);
});

test("what PagerDuty is told of it is that somebody is on it", async () => {
  const incident = world.sandbox.pager.incidents.all.find(({ title }) => title.includes(canary));
  await expect.poll(() => incident?.status, { timeout: withinMs }).toBe("acknowledged");
});

test("the health of a release that everybody sees names no confidential alert", async () => {
  const known = await world.db.selectFrom("revision_health").select("bad_why").execute();
  expect(JSON.stringify(known)).not.toContain(canary);
});

test("a confidential incident whose members are not configured is not a channel without people", async () => {
  const bare = await startWorld({
    configure: (config) => {
      config.confidential = { members: ["U0NOBODY"] };
      config.invitations = {};
    },
  });
  await using _ = { [Symbol.asyncDispose]: () => bare.close() };
  const labels = { alertname: "CredentialLeak", severity: "critical", kind: "security", app: "api" };
  await post(bare.sandbox.crai.url, "alertmanager", alertmanagerBody([{ labels }]));

  const channel = await bare.alex.waitForChannel(/^inc-0001$/, { withinMs });
  await bare.robin.waitForChannel(/^inc-0001$/, { withinMs });

  const { members } = await bare.alex.call("channel.members", { channel: channel.id });
  expect(members.map(({ id }) => id).sort()).toEqual(["U0ALEX", "U0CRAI", "U0ROBIN"]);
  expect(bare.log()).toContain("confidential.members names nobody who is known");
  expect(await ask(bare.robin, teamChannel, "/crai doctor")).toContain("Slack does not know U0NOBODY");
});

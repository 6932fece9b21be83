import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Channel } from "../../sandbox/slack/client-api.ts";
import type { FactOf } from "../../src/domain/timeline.ts";
import {
  ask,
  type Client,
  entriesOf,
  startWorld,
  takeRight,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { alertmanagerBody, post } from "../support/webhooks.ts";

let world: World;
/** Of an open outage of the api. */
let channel: Channel;
const incident = 1;

beforeAll(async () => {
  world = await startWorld({
    // Sasha may do all that responders may, and no cluster knows her.
    configure: ({ access }) => void delete access.identities["U0SASHA"],
  });
  const alert = { labels: { alertname: "HighLatency", app: "api", namespace: "credit-risk-ai" } };
  await post(world.sandbox.crai.url, "alertmanager", alertmanagerBody([alert]));
  channel = await world.robin.waitForChannel(/^inc-/, { withinMs });
  for (const client of [world.robin, world.alex, world.sasha, world.noor])
    await client.call("channel.join", { channel: channel.id });
  await world.robin.waitForMessage(channel.id, /HighLatency/, { withinMs });
  // The channel's topic names it too, before crai has written down that the channel is the incident's.
  const known = world.db.selectFrom("incident").select("channel");
  await vi.waitFor(async () => expect(await known.execute()).toEqual([{ channel: channel.id }]), {
    timeout: withinMs,
  });
  return () => world.close();
});

async function refusals(): Promise<FactOf<"command.refused">[]> {
  const entries = await entriesOf(world, incident);
  return entries.map(({ fact }) => fact).filter((fact) => fact.kind === "command.refused");
}

const long = "a".repeat(5000);

/** What is typed; what is said of it, what why, and what next. */
const cases: readonly (readonly [line: string, what: RegExp, why: RegExp, next: RegExp])[] = [
  ["rolback api", /no command "rolback"/, /Did you mean `\/crai rollback api`/, /`\/crai help`/],
  ["🔥🔥", /no command "🔥🔥"/, /No command/, /`\/crai help`/],
  ["x".repeat(39_000), /no command "x{59}…"/, /No command/, /help/],
  ["rollback apii", /no app "apii"/, /Did you mean api\?/, /Apps are: api, federated/],
  [`rollback ${long}`, /no app "a{59}…"/, /crai\.yaml/, /Apps are/],
  ["rollback ../../etc/passwd", /no app "\.\.\/\.\.\/etc\/passwd"/, /crai\.yaml/, /Apps are/],
  ["rollback constructor", /no app "constructor"/, /crai\.yaml/, /Apps are/],
  ["rollback api --to abc", /"abc" is no revision/, /whole number/, /history/],
  ["rollback api --to -1", /no revision -1/, /from 1/, /history/],
  ["rollback api --to 0", /no revision 0/, /from 1/, /history/],
  ["rollback api --to 999", /has no revision 999/, /It has 1, 2, 3/, /--to, or see `kubectl/],
  ['rollback api --to "3 --reason x"', /"3 --reason x" is no revision/, /whole number/, /history/],
  [`rollback api --to ${long}`, /"a{59}…" is no revision/, /whole number/, /history/],
  ["rollback api; rm -rf /", /no option -r/, /It has: --to, --env/, /Usage: `?\/crai rollback/],
  ["rollback api && whoami", /does not take "&&"/, /one word too many/, /Usage: `?\/crai rollback/],
  ["rollback api --env ../prod", /no environment "\.\.\/prod"/, /It has: prod/, /--env prod/],
  ["rollback api --tto 3", /no option --tto/, /Did you mean --to\?/, /Usage: `?\/crai rollback/],
  ["rollback api --to", /--to needs a value/, /follows it/, /Usage: `?\/crai rollback/],
  ["runs --all=yes", /--all takes no value/, /on when it is there/, /Usage: `?\/crai runs/],
  ['rollback "api', /quote is not closed/, /one word/, /closing "/],
  ["rollback api\u202e --to 999", /has no revision 999/, /It has 1, 2, 3/, /--to/],
  ["status P99", /no plan P99/, /from here/, /Plan again/],
  ["approve P99", /no plan P99/, /from here/, /Plan again/],
  ["deny ninety", /"ninety" names no plan/, /number/, /P12/],
  ["approve", /Which plan\?/, /number/, /P12/],
  ["stop R99", /no run R99/, /from here/, /runs/],
  ["undo R99", /no run R99/, /from here/, /runs/],
  ["runs R99", /no run R99/, /from here/, /runs/],
  ["reopen", /is open already/, /never mitigated or resolved/, /resolve/],
  ["note", /What shall be noted\?/, /no text/, /Usage: `?\/crai note/],
  ["incident frobnicate", /does not know "frobnicate"/, /list, declare/, /Usage: `?\/crai incident/],
  ["incident severity high", /no severity "high"/, /one of a few words/, /sev1, sev2/],
  ["incident role king", /no incident role "king"/, /one of a few words/, /commander/],
  ["incident role scribe somebody", /"somebody" names nobody/, /no mention/, /Type @/],
  ["locks frob", /does not know "frob"/, /lists locks/, /Usage: `?\/crai locks/],
  ["help rolback", /no command "rolback"/, /Did you mean `\/crai help rollback`/, /help/],
];

test.each(cases.map((wanted) => ({ name: wanted[0].slice(0, 50), wanted })))("$name", async ({ wanted }) => {
  const [line, what, why, next] = wanted;
  const answer = await ask(world.robin, channel.id, `/crai ${line}`);
  const [said = "", because = "", ...rest] = answer.split("\n");
  expect(said).toMatch(what);
  expect(because).toMatch(why);
  expect(rest.join("\n")).toMatch(next);
});

test("each of them is on the incident's timeline, and seen by nobody else", async () => {
  const found = await refusals();
  expect(found.map(({ what }, index) => cases[index]?.[1].test(what) ?? what)).toEqual(cases.map(() => true));
  expect(found.every(({ command }) => command.length <= 1000)).toBe(true);
  const seen = (await world.alex.history(channel.id)).map(textOf).join("\n");
  expect(seen).toContain("HighLatency");
  expect(cases.filter(([, what]) => what.test(seen))).toEqual([]);
});

test("what names another incident, or begins one, stands on nobody else's timeline", async () => {
  const before = (await refusals()).length;
  await ask(world.robin, channel.id, "/crai note the attacker is in --incident 77");
  await ask(world.robin, channel.id, '/crai incident declare "stolen keys" --kind security --severity 9');
  await ask(world.robin, channel.id, '/crai incident declare "stolen keys" --knd security');
  const facts = (await refusals()).slice(before);
  expect(facts.map(({ command }) => command)).toEqual(["incident"]);
});

test("one that is typed elsewhere and concerns the incident is on its timeline too", async () => {
  const before = (await refusals()).length;
  await ask(world.robin, teamChannel, "/crai rollback api --to 999");
  await expect.poll(async () => (await refusals()).length, { timeout: withinMs }).toBe(before + 1);
  await ask(world.robin, teamChannel, "/crai rollback federated --to 999");
  await ask(world.robin, teamChannel, "/crai ack");
  expect(await refusals()).toHaveLength(before + 1);
});

test("nothing typed is help, for whoever types it", async () => {
  expect(await ask(world.robin, teamChannel, "/crai")).toMatch(/^What you may do\n[\s\S]*rollback/);
  expect(await ask(world.noor, teamChannel, "/crai   ")).toMatch(/^What you may do\n(?![\s\S]*rollback)/);
});

test("a mention in a thread is refused there, to who wrote it", async () => {
  const { robin, alex } = world;
  const root = await robin.say(teamChannel, "looking into it");
  await robin.say(teamChannel, "<@U0CRAI> rolback api", { thread: root.ts });
  await robin.waitForMessage(teamChannel, /no command "rolback"/, { thread: root.ts, withinMs });
  const seen = (await alex.thread(teamChannel, root.ts)).map(textOf).join("\n");
  expect(seen).not.toContain("no command");
});

describe("rights", () => {
  async function say(client: Client, line: string): Promise<string> {
    return ask(client, channel.id, `/crai ${line}`);
  }

  test("that somebody has not in crai are named, with who has them, and the try is on the timeline", async () => {
    expect(await say(world.noor, "rollback api")).toMatch(
      /You may not roll back a workload for api in prod\.\*?\nIt needs the permission rollout:undo, which these roles have: responder/,
    );
    const entries = await entriesOf(world, incident);
    expect(entries.at(-1)).toMatchObject({
      actor: { kind: "person", id: "U0NOOR" },
      fact: { kind: "command.refused", command: "rollback" },
    });
  });

  test("that somebody has not let them write no timeline full: their words are not on it, and repeats are one entry", async () => {
    const before = (await entriesOf(world, incident)).length;
    const words = "lorem ".repeat(100);
    for (const line of [`note ${words}`, `note again ${words}`, `status ${words}`, `status ${words}`])
      expect(await say(world.noor, line)).not.toBe("");
    const more = (await entriesOf(world, incident)).slice(before);
    expect(more.map(({ fact }) => "command" in fact && fact.command)).toEqual(["note", "status"]);
    expect(JSON.stringify(more)).not.toContain("lorem lorem lorem lorem lorem lorem lorem");
  });

  test("are nobody's where crai.yaml knows no Kubernetes user of a person", async () => {
    expect(await say(world.sasha, "rollback api")).toMatch(
      /sasha.* has no Kubernetes identity[\s\S]*never lends its own rights[\s\S]*crai\.yaml can add/i,
    );
  });

  test("that somebody has not in the cluster block the plan, which names the very one", async () => {
    const giveBack = takeRight(world, "sre", { verb: "patch" });
    try {
      await world.robin.command(channel.id, "/crai rollback api");
      const plan = await world.robin.waitForMessage(channel.id, /Cannot run:/, { withinMs });
      expect(textOf(plan)).toMatch(/may not patch deployments\.apps api-deployment in credit-risk-ai/);
      expect(textOf(plan)).not.toContain("[Confirm]");
      const name = /(P\d+) ·/.exec(textOf(plan))![1];
      expect(await say(world.robin, `approve ${name}`)).toMatch(/cannot be run[\s\S]*may not patch/);
    } finally {
      giveBack();
    }
  });

  test("that only the run would need block the plan too: it is not found out halfway", async () => {
    const after = (await world.robin.history(channel.id)).at(-1)?.ts ?? "";
    const giveBack = takeRight(world, "sre", { verb: "list", resource: "pods" });
    try {
      await world.robin.command(channel.id, "/crai rollback api");
      const plan = await world.robin.waitForMessage(channel.id, /Cannot run:/, { withinMs, after });
      expect(textOf(plan)).toMatch(/may not list pods in credit-risk-ai/);
      expect(textOf(plan)).not.toContain("[Confirm]");
    } finally {
      giveBack();
    }
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Message } from "../../sandbox/slack/client-api.ts";
import { people } from "../../sandbox/seed.ts";
import {
  ask,
  type Client,
  startWorld,
  takeRight,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const target = "practice/credit-risk-ai/deployment/api-deployment";

let world: World;
const playbooks = temporaryFolder();

/** The playbook of every day, with a second person's yes whoever asks. */
function writePlaybook(change: (text: string) => string = (text) => text): void {
  const text = readFileSync("playbooks/rollback.yaml", "utf8").replace("risk: reversible", "risk: guarded");
  writeFileSync(join(playbooks, "rollback.yaml"), change(text));
}

beforeAll(async () => {
  writePlaybook();
  world = await startWorld({
    env: { CRAI_PLAYBOOKS: playbooks },
    pace: { settle: "1s", window: "1s" },
    configure({ access }) {
      access.roles["watcher"] = { members: [people.noor.slack] };
      access.rules.push({ roles: ["watcher"], allow: ["run:read"], apps: ["federated"] });
    },
  });
  return () => world.close();
});

/** A plan of this person's, and the message everybody sees of it. */
async function plan(
  client: Client,
  line = "/crai rollback api",
): Promise<{ name: string; message: Message }> {
  const after = (await client.history(teamChannel)).at(-1)?.ts ?? "";
  await client.command(teamChannel, line);
  const message = await client.waitForMessage(teamChannel, /P\d+ ·[\s\S]*Nothing has been touched/, {
    withinMs,
    after,
  });
  return { name: /(P\d+) ·/.exec(textOf(message))![1]!, message };
}

async function runsOf(name: string): Promise<{ number: number; status: string; detail: string | null }[]> {
  return world.db
    .selectFrom("run")
    .select(["number", "status", "detail"])
    .where("plan", "=", Number(name.slice(1)))
    .execute();
}

/** How the page stands that asked people on call for their yes. */
function pageStatus(name: string): string | undefined {
  const page = world.sandbox.pager.incidents.all.find(
    ({ incidentKey }) => incidentKey === `crai-plan-${name.slice(1)}`,
  );
  return page?.status;
}

async function runEnded(name: string): Promise<void> {
  await expect
    .poll(async () => (await runsOf(name))[0]?.status, { timeout: 2 * withinMs, interval: 200 })
    .toBe("finished");
}

describe("a guarded plan", () => {
  test("is not approved by who asked for it, not even with the glass broken too soon or without a reason", async () => {
    const { robin } = world;
    const { name, message } = await plan(robin);
    await robin.press(message, "Approve");
    await robin.waitForMessage(
      teamChannel,
      /needs the yes of a second person[\s\S]*guarded[\s\S]*approve P/,
      {
        after: message.ts,
      },
    );
    expect(await ask(robin, teamChannel, `/crai approve ${name} --break-glass`)).toMatch(
      /needs a reason[\s\S]*timeline[\s\S]*--reason/,
    );
    expect(
      await ask(robin, teamChannel, `/crai approve ${name} --break-glass --reason "nobody answers"`),
    ).toMatch(/cannot be broken yet[\s\S]*asked first and has 2m[\s\S]*try again/);
    expect(await runsOf(name)).toEqual([]);
    await expect.poll(() => pageStatus(name), { timeout: withinMs }).toBe("triggered");
    await robin.command(teamChannel, `/crai deny ${name}`);
    await robin.waitForMessage(teamChannel, new RegExp(`${name}[\\s\\S]*Denied`), { withinMs });
    await expect.poll(() => pageStatus(name), { timeout: withinMs }).toBe("resolved");
    expect(await ask(world.alex, teamChannel, `/crai approve ${name}`)).toMatch(
      /can no longer be answered: it is denied[\s\S]*said no[\s\S]*Plan again/,
    );
  });

  test("that two approve at once and twice is one run, and the later ones are told so", async () => {
    const { robin, alex, sasha } = world;
    const { name, message } = await plan(robin);
    await Promise.all([
      alex.press(message, "Approve"),
      sasha.press(message, "Approve"),
      alex.command(teamChannel, `/crai approve ${name}`),
      sasha.command(teamChannel, `/crai approve ${name}`),
    ]);
    await runEnded(name);
    await expect.poll(() => pageStatus(name), { timeout: withinMs }).toBe("resolved");
    expect(await runsOf(name)).toHaveLength(1);
    const other = (await world.db.selectFrom("approval").select("actor_key").execute()).some(
      ({ actor_key: key }) => key === people.alex.slack,
    )
      ? sasha
      : alex;
    await other.waitForMessage(teamChannel, /runs already, as R\d+[\s\S]*before you[\s\S]*runs R/, {
      after: message.ts,
    });
    const writes = world.sandbox.cluster.audit.filter(
      ({ verb, requestURI, userAgent }) =>
        verb === "patch" && !requestURI.includes("dryRun") && userAgent?.startsWith("crai/") === true,
    );
    expect(writes.map(({ impersonatedUser }) => impersonatedUser?.username)).toEqual([
      people.robin.kubernetes.user,
    ]);
  });
});

describe("a target that a run holds", () => {
  test("is refused to others with run, holder and since when, and whoever is on call takes it over", async () => {
    const { robin, alex, sasha, noor } = world;
    // The run hangs: the API server takes no patch, so it never gets to its end by itself.
    const held = world.sandbox.cluster.onRequest(({ verb, uri, phase }) =>
      phase === "received" && verb === "patch" && !uri.includes("dryRun") ? "cut" : undefined,
    );
    try {
      const first = await plan(sasha, "/crai rollback api --to 1");
      const second = await plan(alex, "/crai rollback api --to 3");
      await alex.press(first.message, "Approve");
      await expect.poll(() => runsOf(first.name), { timeout: withinMs }).toHaveLength(1);
      const run = (await runsOf(first.name))[0]!.number;
      const refused = await ask(sasha, teamChannel, `/crai approve ${second.name}`);
      expect(refused).toMatch(new RegExp(`${target} is locked by R${run}`));
      expect(refused).toMatch(/sasha.* holds it since \d\d:\d\d:\d\d UTC; that run has not ended/i);
      expect(refused).toMatch(new RegExp(`stop R${run}[\\s\\S]*locks take ${target}`));
      expect(await ask(robin, teamChannel, "/crai locks")).toMatch(
        new RegExp(`${target} \\| R${run} \\| sasha`, "i"),
      );
      // Noor may see what runs for another app only.
      expect(await ask(noor, teamChannel, "/crai locks")).toBe("No workload is locked.");
      expect(await ask(noor, teamChannel, "/crai runs")).toBe("Nothing has been run yet.");
      expect(await ask(noor, teamChannel, "/crai runs api")).toContain(
        "You may not see runs and locks for api",
      );

      expect(await ask(sasha, teamChannel, `/crai locks take ${target}`)).toMatch(
        /You may not take a lock over.*for api/,
      );
      expect(await ask(alex, teamChannel, `/crai locks take ${target}`)).toMatch(
        /Only whoever is on call[\s\S]*not on call for api[\s\S]*oncall/,
      );
      await robin.command(teamChannel, `/crai locks take ${target} --reason "R${run} hangs"`);
      await alex.waitForMessage(teamChannel, new RegExp(`took the lock of ${target} over from R${run}`), {
        withinMs,
      });
      const { channel } = await sasha.call("im.open", { user: "U0CRAI" });
      await sasha.waitForMessage(channel.id, new RegExp(`over from your run R${run}: R${run} hangs`), {
        withinMs,
      });
    } finally {
      held();
    }
  });
});

test("rights that were taken away between plan and yes end the run honestly, and nobody else's are used", async () => {
  const { robin, alex } = world;
  const before = world.sandbox.cluster.audit.length;
  const { name, message } = await plan(robin, "/crai rollback api --to 1");
  const giveBack = takeRight(world, "sre", { verb: "patch" });
  try {
    await alex.press(message, "Approve");
    await runEnded(name);
  } finally {
    giveBack();
  }
  const [run] = await runsOf(name);
  const shown = await robin.waitForMessage(teamChannel, new RegExp(`R${run!.number} Not carried out`), {
    withinMs,
  });
  expect(textOf(shown)).toMatch(/robin@\S+ may not patch deployments\.apps api-deployment in credit-risk-ai/);
  const tried = world.sandbox.cluster.audit
    .slice(before)
    .filter(({ verb, requestURI }) => verb === "patch" && !requestURI.includes("dryRun"));
  expect(
    tried.map(({ impersonatedUser, responseStatus }) => [impersonatedUser?.username, responseStatus.code]),
  ).toEqual([[people.robin.kubernetes.user, 403]]);
});

describe("playbooks that change while crai runs", () => {
  test("are taken when they are right, and when they are wrong the old ones stay and everybody is told", async () => {
    const { robin } = world;
    writePlaybook((text) => text.replace("version: 1", "version: 2"));
    await expect
      .poll(() => ask(robin, teamChannel, "/crai playbooks"), { timeout: withinMs, interval: 300 })
      .toContain("rollback v2");

    writePlaybook((text) =>
      text.replace("version: 1", "version: x").replace("action: rollout-wait", "action: rollout-wiat"),
    );
    await expect
      .poll(() => ask(robin, teamChannel, "/crai playbooks"), { timeout: withinMs, interval: 300 })
      .toMatch(
        /rollback v2[\s\S]*cannot be loaded[\s\S]*rollback\.yaml:\d+:\d+ metadata\.version[\s\S]*rollout-wiat/,
      );
    expect(await ask(robin, teamChannel, "/crai doctor")).toMatch(
      /✗ the files cannot be loaded.*rollback\.yaml:/,
    );
    expect(world.log()).toContain("playbooks not replaced");

    writePlaybook();
    await expect
      .poll(() => ask(robin, teamChannel, "/crai playbooks"), { timeout: withinMs, interval: 300 })
      .not.toContain("cannot be loaded");
  });
});

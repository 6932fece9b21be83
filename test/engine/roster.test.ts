import { webApi } from "@slack/bolt";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../../sandbox/one-port.ts";
import { createPager as createPagerSandbox } from "../../sandbox/pager/pager.ts";
import { pager as pagerSeed, people, slack as slackSeed } from "../../sandbox/seed.ts";
import { readManifest } from "../../sandbox/slack/manifest.ts";
import { createSlackWorkspace } from "../../sandbox/slack/workspace.ts";
import { createPagerClient } from "../../src/adapters/pagerduty/client.ts";
import { createPager } from "../../src/adapters/pagerduty/pager.ts";
import { boltLogger } from "../../src/adapters/slack/bolt-logger.ts";
import { createDirectory } from "../../src/adapters/slack/directory.ts";
import type { Role, Rule } from "../../src/domain/access.ts";
import { App } from "../../src/domain/app.ts";
import { createAuthorizer } from "../../src/engine/authorizer.ts";
import { createRoster } from "../../src/engine/roster.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { alex, robin, sasha } from "./engine-world.ts";

const log = pino({ level: "silent" });
const noon = Date.UTC(2026, 10, 23, 12);
const minute = 60_000;
const schedule = pagerSeed.schedule.id;
const scope = { app: "api", environment: "prod" };

const roles: Record<string, Role> = {
  responder: { members: ["S0SRE"], onCall: [] },
  lead: { members: ["S0LEADS"], onCall: [] },
  oncall: { members: [], onCall: [schedule] },
};
const rules: Rule[] = [
  { roles: ["responder"], allow: ["workload:read"] },
  { roles: ["oncall"], allow: ["workload:read", "glass:break"] },
];

/** PagerDuty and Slack over real sockets, both of which can fall silent, and crai's view of them. */
async function startOffice() {
  let now = noon;
  const asked = { pagerduty: 0, slack: 0 };
  const hanging = new Set<string>();
  const web = await listen(0);
  const pager = createPagerSandbox({ origin: () => web.origin, clock: () => now });
  const slack = createSlackWorkspace({ manifest: readManifest("manifest.yml"), rateLimits: "off" });
  web.mount("/pager", {
    async handle(req, res) {
      asked.pagerduty += 1;
      if (!hanging.has("pagerduty")) await pager.handle(req, res);
    },
    close: () => pager.close(),
  });
  web.mount("/slack", {
    async handle(req, res) {
      asked.slack += 1;
      if (!hanging.has("slack")) await slack.handle(req, res);
    },
    close: () => slack.close(),
  });
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  onTestFinished(async () => {
    await web.close();
    await db.destroy();
    await database.drop();
  });

  function newCrai({ keeps = true, pagerduty = true, access = { roles, rules } } = {}) {
    const warnings: string[] = [];
    const client = new webApi.WebClient(slackSeed.bot.token, {
      slackApiUrl: `${web.origin}/slack/api/`,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      logger: boltLogger(log),
    });
    const roster = createRoster({
      db,
      directory: createDirectory(client, log, () => now),
      pager: pagerduty
        ? createPager(createPagerClient({ token: pagerSeed.apiToken, url: `${web.origin}/pager` }))
        : null,
      keeps,
      warn: (text) => warnings.push(text),
      now: () => new Date(now),
    });
    return { roster, warnings, authorizer: createAuthorizer({ access, roster }) };
  }

  return {
    asked,
    hanging,
    slack,
    newCrai,
    pass: (ms: number) => (now += ms),
    at: (time: number) => (now = time),
  };
}

const api = App.parse({
  title: "API",
  owner: "SRE",
  onCall: [schedule],
  environments: {
    prod: { cluster: "practice", namespace: "credit-risk-ai", workload: "deployment/api-deployment" },
  },
});

describe("while PagerDuty and Slack answer", () => {
  test("each is asked once in half a minute, whatever is asked of crai", async () => {
    const { asked, newCrai, pass } = await startOffice();
    const { authorizer } = newCrai();
    const questions = () =>
      Promise.all([
        authorizer.demand(robin, "glass:break", scope),
        authorizer.allows(sasha, "glass:break", scope),
        authorizer.isOnCall(robin, api),
        authorizer.roles(alex),
      ]);

    await questions();
    const before = { ...asked };
    expect(before.pagerduty).toBe(1);
    await questions();
    pass(29_000);
    await questions();
    expect(asked).toEqual(before);
    pass(2000);
    await questions();
    expect(asked.pagerduty).toBe(2);
  });

  test("a right that a group gives is given without asking PagerDuty", async () => {
    const { asked, newCrai } = await startOffice();
    await newCrai().authorizer.demand(sasha, "workload:read", scope);
    expect(asked.pagerduty).toBe(0);
  });

  test("a group that Slack does not have gives nobody a role and takes nobody's away", async () => {
    const { newCrai } = await startOffice();
    const access = { roles: { ...roles, gone: { members: ["S0GONE"], onCall: [] } }, rules };
    access.rules = [...rules, { roles: ["gone"], allow: ["glass:break"] }];
    const { authorizer } = newCrai({ access });

    await authorizer.demand(robin, "glass:break", scope);
    await expect(authorizer.demand(sasha, "glass:break", scope)).rejects.toMatchObject({
      why: expect.stringContaining("Slack has no group S0GONE") as string,
    });
  });
});

describe("while PagerDuty hangs", () => {
  test("one question in half a minute waits for it, and no other", async () => {
    const { asked, hanging, newCrai, pass } = await startOffice();
    const { authorizer } = newCrai();
    hanging.add("pagerduty");

    for (let times = 0; times < 20; times += 1) await authorizer.isOnCall(robin, api);
    expect(asked.pagerduty).toBe(1);
    hanging.clear();
    pass(31_000);
    expect(await authorizer.isOnCall(robin, api)).toEqual({ is: "yes", asOf: null });
  });

  test("whoever was on call stays so for an hour, with the age of that; of others it is not known", async () => {
    const { hanging, newCrai, pass } = await startOffice();
    const { authorizer, warnings } = newCrai();
    await authorizer.isOnCall(robin, api);
    hanging.add("pagerduty");
    pass(59 * minute);

    expect(await authorizer.isOnCall(robin, api)).toEqual({ is: "yes", asOf: new Date(noon) });
    await authorizer.demand(robin, "glass:break", scope);
    expect(await authorizer.isOnCall(alex, api)).toMatchObject({ is: "unknown" });
    expect(warnings).toEqual([
      `PagerDuty does not say who is on call in schedule ${schedule} (PagerDuty gave no answer within 2.5 s); what it said at ${new Date(noon).toISOString()} counts`,
    ]);
    pass(2 * minute);
    expect(await authorizer.isOnCall(robin, api)).toMatchObject({ is: "unknown" });
  });

  test("nobody is on call beyond the end of the shift", async () => {
    const { at, hanging, newCrai } = await startOffice();
    const { authorizer } = newCrai();
    const midnight = noon + 12 * 60 * minute;
    at(midnight - 2 * minute);
    await authorizer.isOnCall(robin, api);
    hanging.add("pagerduty");

    at(midnight - minute);
    expect(await authorizer.isOnCall(robin, api)).toMatchObject({ is: "yes" });
    at(midnight + minute);
    expect(await authorizer.isOnCall(robin, api)).toMatchObject({ is: "unknown" });
  });

  test("nobody gains a right, and nobody is told that they are not on call", async () => {
    const { hanging, newCrai } = await startOffice();
    const { authorizer } = newCrai();
    hanging.add("pagerduty");

    for (const somebody of [robin, alex, sasha])
      await expect(authorizer.demand(somebody, "glass:break", scope)).rejects.toMatchObject({
        name: "UserError",
        message: `It is not known whether you may break the glass: run a guarded plan that nobody approved in time for api in prod.`,
        why: expect.stringContaining("PagerDuty does not say who is on call") as string,
      });
  });

  test("whom crai.yaml itself lists keeps the right", async () => {
    const { asked, hanging, newCrai } = await startOffice();
    const access = { roles: { ...roles, oncall: { members: [alex.id], onCall: [schedule] } }, rules };
    const { authorizer } = newCrai({ access });
    hanging.add("pagerduty");

    await authorizer.demand(alex, "glass:break", scope);
    expect(asked.pagerduty).toBe(0);
  });
});

describe("while Slack does not answer", () => {
  test("a terminal takes the groups that crai was told last, for a day", async () => {
    const { newCrai, pass, slack } = await startOffice();
    await newCrai().authorizer.demand(sasha, "workload:read", scope);
    slack.faults.set({ down: true });
    pass(23 * 60 * minute);
    const terminal = newCrai({ keeps: false, pagerduty: false });

    await terminal.authorizer.demand(sasha, "workload:read", scope);
    expect(terminal.warnings.join()).toContain(`what it said at ${new Date(noon).toISOString()} counts`);
    pass(2 * 60 * minute);
    await expect(newCrai().authorizer.demand(sasha, "workload:read", scope)).rejects.toThrow(
      /^It is not known whether you may/,
    );
  });

  test("the person on call is still known by the address they had", async () => {
    const { hanging, newCrai, pass } = await startOffice();
    await newCrai().authorizer.isOnCall(robin, api);
    hanging.add("slack");
    pass(10 * minute);

    expect(await newCrai().authorizer.isOnCall(robin, api)).toEqual({ is: "yes", asOf: null });
  });

  test("an address that was never asked for leaves it open who is on call", async () => {
    const { hanging, newCrai } = await startOffice();
    hanging.add("slack");

    expect(await newCrai().authorizer.isOnCall(robin, api)).toEqual({
      is: "unknown",
      why: `Slack does not say whose address ${people.robin.email} is`,
    });
  });
});

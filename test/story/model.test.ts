import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Message } from "../../sandbox/slack/client-api.ts";
import {
  ask,
  type Client,
  startWorld,
  teamChannel,
  withinMs,
  type World,
} from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { ended, pace, panel, storyTimeout } from "./story.ts";

let world: World;

/** Asks for it in the team's channel, and returns the plan that comes. */
async function planned(client: Client, line: string, says: RegExp, patience = withinMs): Promise<Message> {
  const after = (await client.history(teamChannel)).at(-1)?.ts ?? "";
  await client.command(teamChannel, line);
  return client.waitForMessage(teamChannel, new RegExp(`${says.source}.*Nothing has been touched`, "s"), {
    withinMs: patience,
    after,
  });
}

function numberOf(plan: Message): string {
  return /^P\d+(?= · )/m.exec(textOf(plan))![0];
}

/** Has the second person agree, and names the run. */
async function agreed(plan: Message, by: Client): Promise<string> {
  await by.command(teamChannel, `/crai approve ${numberOf(plan)}`);
  const run = await vi.waitUntil(
    () =>
      world.db
        .selectFrom("run")
        .select("number")
        .where("plan", "=", Number(numberOf(plan).slice(1)))
        .executeTakeFirst(),
    { timeout: withinMs, interval: 50 },
  );
  return `R${run.number}`;
}

async function end(run: string): Promise<string> {
  return textOf(await ended(world.robin, teamChannel, run));
}

describe("a model that has become worse", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    return () => world.close();
  }, storyTimeout);

  test("is not rolled back while the registry is away: said, and nothing is planned", async () => {
    const { robin, sandbox } = world;
    sandbox.registry.faults.set({ down: true, delayMs: 0 });
    const said = await ask(robin, teamChannel, "/crai rollback-model api");
    sandbox.registry.faults.set({ down: false, delayMs: 0 });
    expect(said).toMatch(/The model registry http\S+ does not answer: it answered 503/);
    expect(said).toContain("Nothing was changed");
    expect(said).toContain("the app goes on with the version that it has loaded");
  });

  test("has nowhere to go back to when its first version is in force, and says what else there is", async () => {
    const { robin, sandbox } = world;
    sandbox.models.put(1);
    const said = await ask(robin, teamChannel, "/crai rollback-model api");
    sandbox.models.put(3, new Date(0));
    expect(said).toContain("There is no earlier version of credit-risk-ensemble to go back to");
    expect(said).toContain("or train a better one");
  });

  test("shows both versions' figures, and needs a second person; killed when the alias was just set, crai sets it once", async () => {
    const { robin, alex, sandbox } = world;
    const { models, registry, crai } = sandbox;
    await panel(world, { command: "ship-model", kind: "bad" });
    const before = models.changes();
    const plan = await planned(robin, "/crai rollback-model api", /credit-risk-ensemble from version 4 to 3/);
    const text = textOf(plan);
    expect(text).toContain("0.7624 → 0.886 (wanted: at least 0.8)");
    expect(text).toContain("0.8017 → 0.9107 (wanted: at least 0.85)");
    expect(text).toContain("It is guarded");
    const dead = new Promise<void>((resolve) => {
      registry.onSet(async () => {
        registry.onSet(null);
        await crai.kill();
        resolve();
      });
    });
    const run = await agreed(plan, alex);
    await dead;
    const said = await end(run);
    expect(said).toMatch(/Cured/);
    expect(said).toContain("champion of credit-risk-ensemble is version 3");
    expect(said).toContain("api serves version 3 of credit-risk-ensemble");
    expect(models.changes() - before).toBe(1);
    // The undo of it goes back to a version that misses its figures: said, and left to people.
    const undo = await planned(
      robin,
      `/crai undo ${run}`,
      /^Undo R\d+: Set credit-risk-ensemble back to version 4, Return/,
    );
    expect(textOf(undo)).toContain("Accuracy of version 4 is 0.7624; at least 0.8 is wanted");
    expect(await end(await agreed(undo, alex))).toContain("api serves version 4 of credit-risk-ensemble");
    models.put(3, new Date(0));
  });

  test("that somebody else has set meanwhile is shown anew, and never written over", async () => {
    const { robin, alex, sandbox } = world;
    const plan = await planned(robin, "/crai rollback-model api", /from version 3 to 2/);
    sandbox.models.put(2);
    const changes = sandbox.models.changes();
    const after = (await robin.history(teamChannel)).at(-1)!.ts;
    await alex.command(teamChannel, `/crai approve ${numberOf(plan)}`);
    // The one before the version that is in force now misses its figures: the new plan cannot be run, and says so.
    const said = await robin.waitForMessage(teamChannel, /from version 2 to 1/, { withinMs, after });
    expect(textOf(said)).toContain("AUC-ROC of version 1 is 0.8412; at least 0.85 is wanted");
    expect(sandbox.models.changes()).toBe(changes);
    sandbox.models.put(3);
  });

  test("that the app does not load counts as not cured, and says what to do", async () => {
    const { robin, alex } = world;
    const plan = await planned(
      robin,
      "/crai rollback-model api --keep-pods",
      /credit-risk-ensemble from version 3 to 2/,
    );
    const said = await end(await agreed(plan, alex));
    expect(said).toContain("not cured");
    expect(said).toMatch(/api still serves version 3 of credit-risk-ensemble; version 2 is in force/);
    expect(said).toContain("restart api so that it loads it");
  });

  test("is trained anew by a Job, compared, and put in force only by people", async () => {
    const { robin, alex, sandbox } = world;
    const before = sandbox.models.current();
    const plan = await planned(robin, "/crai retrain api --days 30", /Retrain the model of api/);
    await robin.press(plan, "Confirm");
    const said = textOf(
      await robin.waitForMessage(teamChannel, /Done: Retrain the model/, { withinMs: 60_000 }),
    );
    expect(said).toMatch(/Version 5 is registered and not in force: .?promote-model api 5/);
    expect(said).toContain("0.9142 (wanted: at least 0.85)");
    expect(sandbox.models.current()).toBe(before);
    const promotion = await planned(robin, "/crai promote-model api 5", /from version 2 to 5/);
    expect(await ask(robin, teamChannel, `/crai approve ${numberOf(promotion)}`)).toContain(
      "needs the yes of a second person",
    );
    expect(await end(await agreed(promotion, alex))).toContain("api serves version 5");
  });

  test("has its bias parameter set within bounds, by a second person's yes, with a way back", async () => {
    const { robin, alex, sandbox } = world;
    expect(await ask(robin, teamChannel, "/crai adjust-bias api 1.2")).toContain(
      "It must be a number from 0 to 1",
    );
    const plan = await planned(
      robin,
      "/crai adjust-bias api 0.55",
      /Set Weight of fairness from 0.3 to 0.55/,
    );
    expect(textOf(plan)).toContain("Restart api-deployment");
    const run = await agreed(plan, alex);
    expect(await end(run)).toContain("FAIRNESS_WEIGHT of api-config is 0.55");
    const { store } = sandbox.cluster;
    const map = store.get("configmaps", "credit-risk-ai", "api-config") as
      | { data?: Record<string, string> }
      | undefined;
    expect(map?.data?.["FAIRNESS_WEIGHT"]).toBe("0.55");
    const undo = await planned(
      robin,
      `/crai undo ${run}`,
      /^Undo R\d+: Set Weight of fairness back to 0.3, Return/,
    );
    expect(textOf(undo)).toContain("It is guarded");
  });
});

describe("connections that only wait", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    return () => world.close();
  }, storyTimeout);

  test("are named one by one without their queries, and only these are ended", async () => {
    const { robin, alex, sandbox } = world;
    await sandbox.database.leak(2);
    expect(await ask(robin, teamChannel, "/crai end-connections api --idle 1s")).toContain("You may not");
    const plan = await vi.waitFor(
      () => planned(alex, "/crai end-connections api --idle 1s", /End 2 connections of credit_risk_ai/, 3000),
      { timeout: withinMs },
    );
    const text = textOf(plan);
    expect(text).toMatch(/credit_risk_api, api worker 1: idle in transaction for/);
    expect(text).not.toContain("select 1");
    // Came after the plan: nobody has agreed to its end.
    await sandbox.database.leak(1);
    const said = await end(await agreed(plan, robin));
    expect(said).toContain("2 of 2 connections ended");
    const left = await vi.waitFor(
      () => planned(alex, "/crai end-connections api --idle 1s", /End 1 connection of credit_risk_ai/, 3000),
      { timeout: withinMs },
    );
    expect(textOf(left)).toContain("api worker 3");
  });

  test("and slow queries are looked for without changing anything, by who may enter the pod", async () => {
    const { alex } = world;
    const after = (await alex.history(teamChannel)).at(-1)!.ts;
    await alex.command(teamChannel, "/crai slow-queries api");
    const said = textOf(
      await alex.waitForMessage(teamChannel, /Done: Look for slow queries/, { withinMs, after }),
    );
    expect(said).toContain("credit_risk_ai has no pg_stat_statements");
    expect(said).toContain("No large table is mostly read from end to end");
  });

  test("configuration, database and cache are told with what to do next", async () => {
    const { alex } = world;
    const after = (await alex.history(teamChannel)).at(-1)!.ts;
    await alex.command(teamChannel, "/crai check-config api");
    const said = textOf(
      await alex.waitForMessage(teamChannel, /Done: Check database, configuration and cache/, {
        withinMs,
        after,
      }),
    );
    expect(said).toContain("api-config has all 5 keys that it needs");
    expect(said).toContain("It knew 82 % of what it was asked");
    expect(said).toContain("api-deployment is as api-deployment.yaml says");
  });
});

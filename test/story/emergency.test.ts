import { beforeAll, describe, expect, test } from "vitest";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { pace, storyTimeout } from "./story.ts";

let world: World;

describe("an emergency that somebody declares", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    world = await startWorld({ pace });
    return () => world.close();
  }, storyTimeout);

  test("outage: its channel opens with what is to be done in the first minutes, and crai ticks what it sees done", async () => {
    const { robin, alex } = world;
    await robin.command(teamChannel, '/crai declare outage api --reason "nobody can log in"');
    await robin.waitForMessage(
      teamChannel,
      /Declared sev1 outage #inc-0001-api-nobody-can-log-in.*R1 asks for what is to be done/s,
      { withinMs },
    );
    const channel = await robin.waitForChannel(/^inc-0001-api/, { withinMs });
    const list = await robin.waitForMessage(channel.id, /☐ Acknowledge alerts/, { withinMs });
    expect(textOf(list)).toMatch(/^Immediate response.*☐ Acknowledge alerts \(commander, by .+\) /s);
    await robin.waitForMessage(channel.id, /☑ Check system status · .*apps are whole/, {
      withinMs,
    });
    // Every finding is shown; from then on nothing moves under the finger.
    await robin.waitForMessage(
      channel.id,
      /☐ Acknowledge alerts .*nobody has acknowledged it.*nobody is commander/s,
      {
        withinMs,
      },
    );
    await robin.press(list, "1: ack");
    await robin.waitForMessage(channel.id, /☑ Acknowledge alerts · acknowledged by Robin/, {
      withinMs,
    });
    await robin.press(list, "4: incident role commander me");
    await robin.waitForMessage(channel.id, /☑ Activate incident response team.* Robin is commander/, {
      withinMs,
    });
    await alex.call("channel.join", { channel: channel.id });
    expect(await ask(alex, channel.id, "/crai tick R1 immediate 3")).toContain("Item 3 of immediate");
    // With the last tick the next phase opens, long before its time.
    await robin.waitForMessage(channel.id, /Assessment \(5-15 minutes\).*Identify root cause/s, { withinMs });
    expect(await ask(robin, channel.id, "/crai timeline")).toMatch(/answered yes in R1: Notify stakeholders/);
    expect(await ask(robin, channel.id, "/crai declare outage")).toMatch(
      /is open already, sev1\. R1 is at its checklists already\./,
    );
  });

  test("breach: private from the first call, answered to whoever declared it alone", async () => {
    const { sasha, robin } = world;
    const answer = await ask(
      sasha,
      teamChannel,
      '/crai declare breach api --reason "CANARY-9c1 rows on a paste site"',
    );
    expect(answer).toMatch(/Declared sev1 breach #inc-0002\. .*R2 asks for what is to be done/);
    const channel = await sasha.waitForChannel(/^inc-0002$/, { withinMs });
    expect(channel.is_private).toBe(true);
    const list = await sasha.waitForMessage(channel.id, /Stop data exposure/, { withinMs });
    expect(textOf(list)).toMatch(/Notify legal team \(communications, by /);
    expect(textOf(list)).toMatch(/^Immediate response/);
    for (const { id } of await robin.channels())
      expect(JSON.stringify(await robin.history(id))).not.toMatch(/CANARY-9c1|Data breach/);
    expect(await ask(robin, teamChannel, "/crai runs R2")).toContain("There is no run R2");
  });

  test("is refused with what can be said instead", async () => {
    const { robin, noor } = world;
    expect(await ask(robin, teamChannel, "/crai declare flood")).toMatch(
      /no kind of emergency "flood".*Choose one of: outage, security, breach/s,
    );
    expect(await ask(robin, teamChannel, "/crai declare security apy")).toMatch(/Did you mean api\?/);
    expect(await ask(noor, teamChannel, "/crai declare security api")).toMatch(/You may not declare/);
  });
});

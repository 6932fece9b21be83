import { afterAll, beforeAll, expect, test, vi } from "vitest";
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
import { ended, storyTimeout } from "./story.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
}, storyTimeout);
afterAll(() => world?.close());

const after = (): string => String(Date.now() / 1000);

/** The message of one of its lists, once crai has looked at all that it can. */
function list(title: string): Promise<Message> {
  const seen = new RegExp(`^${title}\\n(?![\\s\\S]*crai is looking)`);
  return world.robin.waitForMessage(teamChannel, seen, { withinMs });
}

/** Numbers of the items that are still open, as the message has them. */
function open(message: Message): number[] {
  return [...textOf(message).matchAll(/^(\d+)\. ☐/gm)].map(([, number]) => Number(number));
}

/** Ticks an item, and waits until that shows. */
async function tick(by: Client, message: Message, number: number): Promise<void> {
  await by.press(message, `Tick ${number}`);
  await vi.waitFor(
    async () => {
      const now = (await world.robin.history(teamChannel)).find(({ ts }) => ts === message.ts);
      expect(textOf(now!)).toMatch(new RegExp(`^${number}\\. ☑.* yes`, "m"));
    },
    { timeout: withinMs, interval: 100 },
  );
}

test(
  "a release waits for its checklist: crai looks, named people vouch for the rest, and the signed record lets it out",
  { timeout: storyTimeout },
  async () => {
    const { robin, alex, sasha } = world;
    let since = after();
    await robin.command(teamChannel, "/crai deploy v1.2.4 --only api");
    const held = await robin.waitForMessage(teamChannel, /No pre-deployment checklist of v1\.2\.4/, {
      after: since,
      withinMs,
    });
    expect(textOf(held)).toContain("preflight v1.2.4");
    expect(await ask(robin, teamChannel, "/crai preflight show v1.2.4")).toContain(
      "There is no pre-deployment checklist of v1.2.4 for prod.",
    );

    since = after();
    await robin.command(teamChannel, "/crai preflight v1.2.4");
    const [infrastructure, security, model] = await Promise.all(
      ["Infrastructure", "Security", "Model"].map(list),
    );
    expect(textOf(infrastructure!)).toMatch(/☑ Kubernetes 1\.24 or later.*Kubernetes v1\.\d+/);
    expect(textOf(infrastructure!)).toMatch(
      /☑ Grafana and Jaeger are ready.*grafana is ready; jaeger is ready/,
    );
    // Robin may see no Secrets and no roles of the cluster: that is said, and left to people.
    expect(textOf(security!)).toMatch(/☐ Secrets that the apps name are there.*may not be seen/);
    expect(textOf(security!)).toMatch(/☐ Secrets are kept in Vault or its equivalent \(security <@U0ALEX>\)/);
    expect(open(model!)).toEqual([4, 5]);

    await robin.press(security!, "Tick 6");
    await vi.waitFor(async () =>
      expect((await robin.ephemerals(teamChannel)).map(textOf).join("\n")).toContain(
        "Only security may answer this.",
      ),
    );
    for (const number of open(infrastructure!)) await tick(robin, infrastructure!, number);
    for (const number of open(security!)) await tick(alex, security!, number);
    await tick(sasha, model!, 4);
    await tick(alex, model!, 5);
    const done = textOf(await ended(robin, teamChannel));
    expect(done).toMatch(/^R\d+ Done: Pre-deployment checklist of v1\.2\.4/);

    const record = await ask(robin, teamChannel, "/crai preflight show v1.2.4");
    expect(record).toMatch(/^Pre-deployment checklist of v1\.2\.4 for prod: passed/);
    expect(record).toMatch(/Attested by.*Robin, Alex, Sasha/s);
    expect(record).toMatch(/☑ \*?Secrets are kept in Vault or its equivalent\*? · Alex at \d{4}-\d\d-\d\d/);
    expect(record).toMatch(/☑ \*?Unit tests cover 90 % of the code\*? · .*cover 93 %/);

    since = after();
    await robin.command(teamChannel, "/crai deploy v1.2.4 --only api");
    const plan = await robin.waitForMessage(teamChannel, /v1\.2\.4[\s\S]*Approve/, {
      after: since,
      withinMs,
    });
    await alex.press(plan, "Approve");
    const released = await robin.waitForMessage(teamChannel, /^R\d+ (Cured|Failed|Stuck|Outcome)/, {
      after: since,
      withinMs: 100_000,
    });
    expect(textOf(released)).toMatch(/^R\d+ Cured/);
    expect(textOf(released)).toMatch(/✓ Pre-deployment checklist R\d+ of v1\.2\.4 by Robin passed at/);
  },
);

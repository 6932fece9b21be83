import { expect, test } from "vitest";
import { cluster, people } from "../../sandbox/seed.ts";
import { atCluster, atSlack, isAbout, type Kill } from "./kills.ts";
import { cured, endOf } from "./outcome.ts";
import { offer, shipErrors, startStory, testTimeout } from "./story.ts";

/** Between the alert and the offer of its fix: nobody has pressed anything yet. */
const whileOpening: Record<string, Kill> = {
  "between the webhook's 202 and its channel": atSlack("received", "conversations.create"),
  "after its channel was made, before it hears so": atSlack("stored", "conversations.create"),
  "after its card was stored, before it hears so": atSlack(
    "stored",
    "chat.postMessage",
    isAbout("incident:"),
  ),
  "while it pins the card": atSlack("received", "pins.add"),
  "while it invites whoever is on call": atSlack("stored", "conversations.invite"),
  "while it plans the fix": atCluster("received", ({ user }) => user === cluster.machines.alert.user),
};

test.for(Object.keys(whileOpening))(
  "killed %s, an incident has one channel, one card and its fix",
  { timeout: testTimeout },
  async (when) => {
    const story = await startStory();
    const dead = whileOpening[when]!(story);
    await shipErrors(story);
    await dead;
    await story.robin.press(await offer(story), "Confirm");
    expect(await endOf(story)).toEqual(cured);
  },
);

/** From the press on. */
const afterConfirm: Record<string, Kill> = {
  "as soon as the press is acknowledged": ({ sandbox }) => sandbox.crai.kill(),
  "while it plans again with the person's rights": atCluster(
    "received",
    ({ user }) => user === people.robin.kubernetes.user,
  ),
  "after the plan's message was stored, before it hears so": atSlack(
    "stored",
    "chat.postMessage",
    isAbout("plan:"),
  ),
  "after the run's message was stored, before it hears so": atSlack(
    "stored",
    "chat.postMessage",
    isAbout("run:"),
  ),
  "while it edits the run's message": atSlack("stored", "chat.update", isAbout("run:")),
};

test.for(Object.keys(afterConfirm))(
  "killed %s, a confirmed fix runs once and is told once",
  { timeout: testTimeout },
  async (when) => {
    const story = await startStory();
    await shipErrors(story);
    const card = await offer(story);
    const kill = afterConfirm[when]!;
    if (when.startsWith("as soon as")) {
      await story.robin.press(card, "Confirm");
      await kill(story);
    } else {
      const dead = kill(story);
      await story.robin.press(card, "Confirm");
      await dead;
    }
    expect(await endOf(story)).toEqual(cured);
  },
);

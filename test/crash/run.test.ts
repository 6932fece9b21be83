import { expect, test } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { atCluster, atSlack, beforeTheRecord, isRollback, type Kill } from "./kills.ts";
import { cured, endOf } from "./outcome.ts";
import { offer, shipErrors, startStory, testTimeout } from "./story.ts";

const asRobin = people.robin.kubernetes.user;

/** The boundaries of a run, in the order it meets them. */
const moments: Record<string, Kill> = {
  "before its patch is applied": atCluster("received", isRollback),
  "after its patch was applied, before it hears so": atCluster("answered", isRollback),
  "after it heard so, before it has written that down": beforeTheRecord,
  "while it waits for the rollout": atCluster(
    "received",
    ({ verb, user }) => verb === "watch" && user === asRobin,
  ),
  "while it verifies": atSlack("received", "chat.update", (args) =>
    JSON.stringify(args).includes("Letting it settle"),
  ),
};

test.for(Object.keys(moments))(
  "killed %s, a rollback ends as if crai had lived",
  { timeout: testTimeout },
  async (when) => {
    const story = await startStory();
    await shipErrors(story);
    const card = await offer(story);
    const dead = moments[when]!(story);
    await story.robin.press(card, "Confirm");
    await dead;
    expect(await endOf(story)).toEqual(cured);
  },
);

test(
  "killed twice at the same write, a rollback still ends in one patch",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    await shipErrors(story);
    const card = await offer(story);
    const kill = atCluster("received", isRollback);
    const dead = kill(story);
    await story.robin.press(card, "Confirm");
    await dead;
    await kill(story);
    expect(await endOf(story)).toEqual(cured);
  },
);

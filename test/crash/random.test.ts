import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atRandom } from "./kills.ts";
import { cured, endOf, settled } from "./outcome.ts";
import { confirm, shipErrors, startStory, testTimeout, withinMs } from "./story.ts";

/** One that is known, and another each time; a failure names its seed. */
const seeds = [20_261_122, randomInt(2 ** 31)];
const times = 8;
/** ms for a start of crai's on a busy machine: each death costs one. */
const perDeath = 8_000;
const within = withinMs + times * perDeath;

test.for(seeds)(
  "killed again and again at any request, crai ends the story as if it had lived (seed %i)",
  { timeout: testTimeout + within },
  async (seed) => {
    const story = await startStory();
    // So many starts in a minute are more than Slack lets one app connect.
    story.sandbox.slack.setRateLimits("off");
    const chance = atRandom(story, { seed, times });
    try {
      await shipErrors(story);
      await confirm(story, within);
      await settled(story, within);
      chance.stop();
      await story.sandbox.crai.ready();
      expect(await endOf(story)).toEqual(cured);
    } catch (cause) {
      const log = readFileSync(join(story.sandbox.dataDir, "crai.log"), "utf8").slice(-4000);
      throw new Error(`It was killed at:\n${chance.deaths.join("\n")}\nIts log ends with:\n${log}`, {
        cause,
      });
    }
    expect(chance.deaths.length).toBeGreaterThan(0);
  },
);

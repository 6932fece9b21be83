import { expect, test, vi } from "vitest";
import { people } from "../../sandbox/seed.ts";
import { readStream, streamNames } from "../../src/store/timeline.ts";
import { textOf } from "../support/slack-text.ts";
import { atCluster, atSlack, isAbout, type Kill } from "./kills.ts";
import { approved, endOf, isQuiet } from "./outcome.ts";
import { incidentChannel, startStory, type Story, teamChannel, testTimeout, withinMs } from "./story.ts";

/** Sasha is not on call: her plan waits for the yes of a second person. */
async function ask({ sasha }: Story): Promise<void> {
  expect(await sasha.command(teamChannel, "/crai rollback api")).toEqual({ outcome: "delivered" });
}

async function approve({ alex }: Story): Promise<void> {
  const plan = await alex.waitForMessage(teamChannel, /Approve/, { withinMs });
  expect(await alex.press(plan, "Approve")).toEqual({ outcome: "delivered" });
}

const asSasha = people.sasha.kubernetes.user;

const whilePlanning: Record<string, Kill> = {
  "while it plans": atCluster("received", ({ user }) => user === asSasha),
  "after the plan's message was stored, before it hears so": atSlack(
    "stored",
    "chat.postMessage",
    isAbout("plan:"),
  ),
  "after the plan's details were stored, before it hears so": atSlack(
    "stored",
    "chat.postMessage",
    isAbout("plan:1:details"),
  ),
};

test.for(Object.keys(whilePlanning))(
  "killed %s, an asked rollback is planned and asked once",
  { timeout: testTimeout },
  async (when) => {
    const story = await startStory();
    const dead = whilePlanning[when]!(story);
    await ask(story);
    await dead;
    await story.sandbox.crai.ready();
    await approve(story);
    expect(await endOf(story)).toEqual(approved);
  },
);

test(
  "killed right after it acknowledged a slash command, crai carries it out after the restart, once",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    await ask(story);
    await story.sandbox.crai.kill();
    await story.sandbox.crai.ready();
    await approve(story);
    expect(await endOf(story)).toEqual(approved);
  },
);

test(
  "killed while a plan waits for its yes, crai takes the yes after the restart",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    await ask(story);
    await story.alex.waitForMessage(teamChannel, /Approve/, { withinMs });
    await story.sandbox.crai.kill();
    await story.sandbox.crai.ready();
    await approve(story);
    expect(await endOf(story)).toEqual(approved);
  },
);

test(
  "killed right after it acknowledged a yes, crai runs the plan once",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    await ask(story);
    await approve(story);
    await story.sandbox.crai.kill();
    expect(await endOf(story)).toEqual(approved);
  },
);

test(
  "a note whose crai is killed right after the acknowledgment stands on the timeline once, and is answered at most once",
  { timeout: testTimeout },
  async () => {
    const story = await startStory();
    const { robin, sandbox, db } = story;
    await robin.command(teamChannel, '/crai incident declare "api is slow" --app api');
    const channel = await incidentChannel(story);
    await robin.command(channel.id, "/crai note the pool was halved");
    await sandbox.crai.kill();
    await sandbox.crai.ready();
    const { notes } = await vi.waitUntil(
      async () => {
        const [stream] = await streamNames(db);
        const notes = (await readStream(db, stream!)).filter(({ fact }) => fact.kind === "note.added");
        return notes.length > 0 && (await isQuiet(story)) ? { notes } : undefined;
      },
      { timeout: withinMs, interval: 100 },
    );
    expect(notes).toHaveLength(1);
    const answers = (await robin.ephemerals(channel.id)).filter((message) => /Noted/.test(textOf(message)));
    expect(answers.length).toBeLessThanOrEqual(1);
  },
);

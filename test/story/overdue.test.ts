import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ended, pace, storyTimeout } from "./story.ts";

const watch = `apiVersion: crai/v1
kind: Playbook
metadata:
  name: watch
  version: 1
  title: The watch
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
command: { summary: Take the watch over }
inputs:
  environment: { type: environment, description: The environment }
permission: workload:read
risk: observe
steps:
  - id: first
    title: The first minutes
    continue_on_failure: true
    checklist:
      items:
        - { text: Lamps are lit, owner: Security Team, due: 2s }
        - { text: Doors are locked, due: 2s }
        - { text: The log is written }
  # Begins by the clock, though nobody has done with the first.
  - id: second
    title: The minutes after
    opens: 3s
    checklist: { items: [{ text: Coffee is made, due: 10m }] }
`;

let world: World;

describe("a checklist whose items are due", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    const folder = temporaryFolder();
    copyFileSync("playbooks/rollback.yaml", join(folder, "rollback.yaml"));
    writeFileSync(join(folder, "watch.yaml"), watch);
    world = await startWorld({ pace, env: { CRAI_PLAYBOOKS: folder } });
    return () => world.close();
  }, storyTimeout);

  test("tells once what nobody has ticked in time, also when crai was dead by then, and opens the next by the clock", async () => {
    const { robin } = world;
    await robin.command(teamChannel, "/crai watch");
    const list = await robin.waitForMessage(teamChannel, /Lamps are lit \(Security Team, by /, { withinMs });
    const run = /R\d+/.exec(textOf(list))![0];
    await robin.press(list, "Tick 2");
    await robin.waitForMessage(teamChannel, /☑ Doors are locked/, { withinMs });
    await world.sandbox.crai.kill();
    await world.sandbox.crai.ready();
    const reminder = await robin.waitForMessage(teamChannel, /Overdue in R\d+/, { withinMs });
    expect(textOf(reminder)).toContain("The first minutes*, wanted within 2s");
    expect(textOf(reminder)).toContain("Lamps are lit (Security Team)");
    expect(textOf(reminder)).not.toContain("Doors are locked");
    await robin.waitForMessage(teamChannel, /Lamps are lit \(Security Team, \*?overdue\*? since /, {
      withinMs,
    });
    const next = await robin.waitForMessage(teamChannel, /Coffee is made/, { withinMs });
    await robin.press(next, "Tick 1");
    await robin.waitForMessage(teamChannel, /☑ Coffee is made/, { withinMs });
    for (const button of ["Tick 1", "Tick 3"]) await robin.press(list, button);
    await ended(robin, teamChannel, run);
    const told = await robin.history(teamChannel);
    expect(told.filter((message) => /Overdue in/.test(textOf(message)))).toHaveLength(1);
    const facts = await world.db.selectFrom("timeline_entry").select("fact").execute();
    expect(facts.map(({ fact }) => fact).filter(({ kind }) => kind === "step.overdue")).toEqual([
      expect.objectContaining({ step: "first", items: ["Lamps are lit"] }),
    ]);
  });
});

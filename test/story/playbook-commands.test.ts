import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ended, pace, storyTimeout } from "./story.ts";

function playbook(name: string, rest: string): string {
  return `apiVersion: crai/v1
kind: Playbook
metadata:
  name: ${name}
  version: 1
  title: "${name} in \${{ environment }}"
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
${rest}`;
}

const refresh = playbook(
  "refresh",
  `command: { summary: "Replace all pods, one after the other", examples: [refresh api] }
inputs:
  app: { type: app, required: true, description: The app }
permission: rollout:restart
permissions: [workload:read]
risk: reversible
steps:
  - { id: restart, action: rollout-restart }
  - { id: wait, action: rollout-wait }
verify:
  - { id: health, action: http-check }
`,
);

const handover = playbook(
  "handover",
  `command: { summary: Hand the shift over }
inputs:
  environment: { type: environment, description: The environment }
permission: workload:read
risk: observe
steps:
  - id: shift
    title: The end of the shift
    checklist: { items: [{ text: Alerts are looked at }, { text: The log is written }] }
  - id: next
    ask: { question: Who is next?, options: [Alex, Sasha] }
`,
);

let world: World;
let folder: string;

describe("a playbook's file dropped into the folder of a crai that runs", { timeout: storyTimeout }, () => {
  beforeAll(async () => {
    folder = temporaryFolder();
    copyFileSync("playbooks/rollback.yaml", join(folder, "rollback.yaml"));
    world = await startWorld({ pace, env: { CRAI_PLAYBOOKS: folder } });
    return () => world.close();
  }, storyTimeout);

  test("is a command of its own: help knows it, its inputs are typed, its plan is confirmed, its run is verified", async () => {
    const { robin, noor } = world;
    expect(await ask(robin, teamChannel, "/crai refresh api")).toContain('There is no command "refresh"');
    writeFileSync(join(folder, "refresh.yaml"), refresh);
    await expect
      .poll(() => ask(robin, teamChannel, "/crai help refresh"), { timeout: withinMs, interval: 500 })
      .toContain('refresh [app] [--env <environment>] [--reason "…"]');
    expect(await ask(robin, teamChannel, "/crai refresh apy")).toContain("Did you mean api?");
    expect(await ask(noor, teamChannel, "/crai refresh api")).toContain(
      "You may not restart a workload for api",
    );
    await robin.command(teamChannel, "/crai refresh api");
    const plan = await robin.waitForMessage(
      teamChannel,
      /Restart api-deployment.*Nothing has been touched/s,
      {
        withinMs,
      },
    );
    await robin.press(plan, "Confirm");
    expect(textOf(await ended(robin, teamChannel))).toContain("Cured: Restart api-deployment");
  });

  test("runs at once when it only asks, waits for its people across kill -9, and keeps who said what", async () => {
    const { robin, alex } = world;
    writeFileSync(join(folder, "handover.yaml"), handover);
    await expect
      .poll(() => ask(robin, teamChannel, "/crai help handover"), { timeout: withinMs, interval: 500 })
      .toContain("handover [--environment <environment>]");
    await robin.command(teamChannel, "/crai handover");
    const list = await robin.waitForMessage(teamChannel, /Alerts are looked at/, { withinMs });
    const run = /R\d+/.exec(textOf(list))![0];
    await robin.press(list, "Tick 1");
    const ticked = await robin.waitForMessage(teamChannel, /☑ Alerts are looked at/, { withinMs });
    await world.sandbox.crai.kill();
    await world.sandbox.crai.ready();
    expect(await ask(alex, teamChannel, `/crai tick ${run} shift 2`)).toContain("Item 2 of shift");
    expect(textOf(await robin.waitForMessage(teamChannel, /☑ The log is written/, { withinMs }))).toMatch(
      /Alerts are looked at · <@U0ROBIN>: yes.*The log is written · <@U0ALEX>: yes/s,
    );
    expect((await robin.history(teamChannel)).filter(({ ts }) => ts === ticked.ts)).toHaveLength(1);
    const question = await robin.waitForMessage(teamChannel, /^Who is next\?/, { withinMs });
    await alex.press(question, "Sasha");
    const done = textOf(await ended(robin, teamChannel, run));
    expect(done).toContain("Who is next?: Sasha, Alex");
    const log = await ask(robin, teamChannel, `/crai runs ${run}`);
    expect(log).toContain("Alerts are looked at: yes, Robin");
  });
});

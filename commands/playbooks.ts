import type { Block } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { usageOf } from "../src/engine/playbooks/usage.ts";
import { isOverdue } from "../src/engine/playbooks/reviews.ts";
import { dayIn } from "../src/engine/time-of-day.ts";
import { page, table } from "../src/engine/page.ts";

export const playbooks: Command = {
  name: "playbooks",
  usage: "playbooks",
  summary: "The playbooks in force: what each carries out, its owner, and whether its review is due",
  examples: ["playbooks"],
  permission: "crai:inspect",
  positionals: [],
  flags: {},
  async run(_args, { now }, { config, playbooks: inForce, playbookProblems }) {
    const today = dayIn(config.timeZone, now());
    const rows = [...inForce().values()].map(({ metadata, command, inputs, risk }) => [
      `${metadata.name} v${metadata.version}`,
      command === undefined ? "" : usageOf({ metadata, command, inputs }),
      risk,
      metadata.owner,
      isOverdue(metadata, today) ? `overdue since ${metadata.nextReview}` : `by ${metadata.nextReview}`,
    ]);
    const problems = playbookProblems();
    const broken: Block[] = [
      {
        type: "text",
        text: [
          { bold: "The files have changed and cannot be loaded." },
          " What is listed above stays in force until they are corrected:",
        ],
      },
      { type: "code", text: problems.join("\n"), language: "text" },
    ];
    return {
      to: "asker",
      view: page(
        "Playbooks in force",
        table(["Playbook", "Usage", "Risk", "Owner", "Review"], rows),
        ...(problems.length === 0 ? [] : broken),
      ),
    };
  },
};

import { alertNumber } from "../src/engine/commands/references.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { line } from "../src/engine/page.ts";

export const take: Command = {
  name: "take",
  usage: "take <warning>",
  summary: "Take a warning on, so that everybody sees who looks after it",
  examples: ["take A12"],
  permission: "incident:update",
  inTurn: true,
  positionals: ["warning"],
  flags: {},
  async scope({ warning }, _context, { assignments }) {
    const { app, environment } = await assignments.find(alertNumber(warning));
    return { app, environment };
  },
  async run({ warning }, { actor }, { assignments }) {
    const { title, app } = await assignments.take(alertNumber(warning), actor);
    return {
      to: "asker",
      view: line(`${app === null ? title : `${app}: ${title}`} is yours now. Its message says so.`),
    };
  },
};

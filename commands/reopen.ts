import { changeIncident } from "../src/engine/incidents/change-incident.ts";
import type { Command } from "../src/engine/commands/command.ts";

export const reopen: Command = {
  name: "reopen",
  usage: 'reopen [--reason "…"]',
  summary: "Open a mitigated or resolved incident again; PagerDuty follows",
  examples: ["reopen", 'reopen --reason "errors are back"'],
  permission: "incident:update",
  inTurn: true,
  positionals: [],
  flags: { reason: { type: "string" } },
  run: (args, context, uses) => changeIncident("reopen", args, context, uses),
};

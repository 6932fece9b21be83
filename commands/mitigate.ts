import { changeIncident } from "../src/engine/incidents/change-incident.ts";
import type { Command } from "../src/engine/commands/command.ts";

export const mitigate: Command = {
  name: "mitigate",
  usage: 'mitigate [--reason "…"]',
  summary: "Users are no longer hurt; the cause may still be there",
  examples: ["mitigate", 'mitigate --reason "rolled back to v1.1.9"'],
  permission: "incident:update",
  inTurn: true,
  positionals: [],
  flags: { reason: { type: "string" } },
  run: (args, context, uses) => changeIncident("mitigate", args, context, uses),
};

import { changeIncident } from "../src/engine/incidents/change-incident.ts";
import type { Command } from "../src/engine/commands/command.ts";

export const ack: Command = {
  name: "ack",
  usage: 'ack [--reason "…"]',
  summary: "Say that you are on it; PagerDuty stops paging",
  examples: ["ack", "ack --incident 12"],
  permission: "incident:update",
  inTurn: true,
  positionals: [],
  flags: { reason: { type: "string" } },
  run: (args, context, uses) => changeIncident("acknowledge", args, context, uses),
};

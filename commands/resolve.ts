import { changeIncident } from "../src/engine/incidents/change-incident.ts";
import type { Command } from "../src/engine/commands/command.ts";

export const resolve: Command = {
  name: "resolve",
  usage: 'resolve [--reason "…"]',
  summary: "The cause is dealt with and the incident is over; PagerDuty follows",
  examples: ["resolve", 'resolve --reason "fixed in v1.2.1"'],
  permission: "incident:update",
  inTurn: true,
  positionals: [],
  flags: { reason: { type: "string" } },
  run: (args, context, uses) => changeIncident("resolve", args, context, uses),
};

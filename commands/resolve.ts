import { resolveIncident } from "../src/engine/incidents/change-incident.ts";
import type { Command } from "../src/engine/commands/command.ts";

export const resolve: Command = {
  name: "resolve",
  usage: 'resolve [--anyway] [--reason "…"]',
  summary: "The cause is dealt with and the incident is over; PagerDuty follows",
  examples: ["resolve", 'resolve --reason "fixed in v1.2.1"', "resolve --anyway"],
  permission: "incident:update",
  inTurn: true,
  positionals: [],
  flags: { anyway: { type: "boolean" }, reason: { type: "string" } },
  run: resolveIncident,
};

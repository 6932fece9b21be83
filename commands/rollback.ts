import { appOf, environmentOf } from "../src/engine/apps.ts";
import type { Command } from "../src/engine/command.ts";
import { openOutage } from "../src/store/incidents.ts";

export const rollback: Command = {
  name: "rollback",
  usage: 'rollback [app] [--to <revision>] [--env <environment>] [--reason "…"]',
  summary: "Plan going back to the last healthy release; nothing happens before somebody confirms",
  examples: ["rollback", "rollback api", 'rollback api --to 3 --reason "5xx since v1.2.0"'],
  permission: "rollout:undo",
  positionals: ["app"],
  flags: { to: { type: "string" }, env: { type: "string" }, reason: { type: "string" } },
  scope: (args, { incident }, { config }) => {
    const app = appOf(config.apps, args["app"], incident).name;
    return { app, environment: environmentOf(config.apps, { app, environment: args["env"] }, incident) };
  },
  async run(args, { invocation, actor, incident: here }, { config, db, planner, planMessages }) {
    const app = appOf(config.apps, args["app"], here).name;
    const environment = environmentOf(config.apps, { app, environment: args["env"] }, here);
    // Asked elsewhere while the app burns, it still belongs to that incident's record.
    const incident = here?.app === app ? here : await openOutage(db, app, environment);
    const stored = await planner.make({
      playbook: "rollback",
      app,
      environment,
      inputs: { app, env: environment, to: args["to"] ?? null },
      actor,
      incident: incident?.number ?? here?.number ?? null,
      reason: args["reason"] ?? null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    return planMessages.present(stored, invocation);
  },
};

import { appOf, environmentOf } from "../src/engine/commands/apps.ts";
import type { Incident } from "../src/domain/incident.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { recordedIn } from "../src/engine/commands/incident-of.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { openOutage } from "../src/store/incidents.ts";

/** Asked elsewhere while the app burns, it still belongs to that incident's record. */
async function incidentFor(
  args: Args,
  { incident: here }: CommandContext,
  { config, db }: UseCases,
): Promise<number | null> {
  const app = appOf(config.apps, args["app"], here).name;
  const environment = environmentOf(config.apps, { app, environment: args["env"] }, here);
  const outage: Incident | undefined = here?.app === app ? here : await openOutage(db, app, environment);
  return recordedIn(here, outage?.number ?? here?.number ?? null);
}

export const rollback: Command = {
  name: "rollback",
  usage: 'rollback [app] [--to <revision>] [--env <environment>] [--reason "…"]',
  summary: "Plan going back to the last healthy release; nothing happens before somebody confirms",
  examples: ["rollback", "rollback api", 'rollback api --to 3 --reason "5xx since v1.2.0"'],
  permission: "rollout:undo",
  startsPlaybook: true,
  positionals: ["app"],
  flags: { to: { type: "string" }, env: { type: "string" }, reason: { type: "string" } },
  scope: (args, { incident }, { config }) => {
    const app = appOf(config.apps, args["app"], incident).name;
    return { app, environment: environmentOf(config.apps, { app, environment: args["env"] }, incident) };
  },
  concerns: incidentFor,
  records: true,
  async run(args, context, uses) {
    const { invocation, actor, incident: here } = context;
    const { config, planner, planMessages } = uses;
    const app = appOf(config.apps, args["app"], here).name;
    const environment = environmentOf(config.apps, { app, environment: args["env"] }, here);
    const stored = await planner.make({
      playbook: "rollback",
      app,
      environment,
      inputs: { app, env: environment, to: args["to"] ?? null },
      actor,
      incident: await incidentFor(args, context, uses),
      reason: args["reason"] ?? null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    return planMessages.present(stored, invocation);
  },
};

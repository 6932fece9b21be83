import { quoted } from "../src/domain/clean-text.ts";
import { UserError } from "../src/domain/errors.ts";
import { appOf, environmentOf } from "../src/engine/commands/apps.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { nearest } from "../src/engine/commands/nearest.ts";
import { incidentFor, runAtOnce } from "../src/engine/commands/playbook-command.ts";
import type { UseCases } from "../src/engine/use-cases.ts";

/** A playbook of this name looks for what explains the symptom. */
const prefix = "diagnose-";

function symptomOf(asked: string | undefined, { playbooks }: Pick<UseCases, "playbooks">): string {
  const known = [...playbooks().keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  if (asked !== undefined && known.includes(asked)) return asked;
  const near = asked === undefined ? undefined : nearest(asked, known);
  throw new UserError(asked === undefined ? "Which symptom?" : `There is no symptom ${quoted(asked)}.`, {
    why: near === undefined ? "Each symptom has a playbook of its own." : `Did you mean ${near}?`,
    next: `Symptoms are: ${known.join(", ")}.`,
  });
}

export const diagnose: Command = {
  name: "diagnose",
  usage: "diagnose <symptom> [app] [--env <environment>]",
  summary: "Look at everything at once for what explains high-error-rate, high-latency, …",
  examples: [
    "diagnose high-error-rate",
    "diagnose high-latency api",
    "diagnose resource-exhaustion postgres",
  ],
  permission: "workload:read",
  positionals: ["symptom", "app"],
  flags: { env: { type: "string" } },
  scope: (args, { incident }, { config }) => {
    const app = appOf(config.apps, args["app"], incident).name;
    return { app, environment: environmentOf(config.apps, { app, environment: args["env"] }, incident) };
  },
  concerns: (args, { incident }, uses) => {
    const app = appOf(uses.config.apps, args["app"], incident).name;
    const environment = environmentOf(uses.config.apps, { app, environment: args["env"] }, incident);
    return incidentFor({ app, environment }, incident, uses);
  },
  records: true,
  async run(args, context, uses) {
    const { invocation, actor, incident: here } = context;
    const { config, planner, planMessages } = uses;
    const symptom = symptomOf(args["symptom"], uses);
    const app = appOf(config.apps, args["app"], here).name;
    const environment = environmentOf(config.apps, { app, environment: args["env"] }, here);
    const stored = await planner.make({
      playbook: `${prefix}${symptom}`,
      app,
      environment,
      inputs: { app, env: environment },
      actor,
      incident: await incidentFor({ app, environment }, here, uses),
      reason: null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    const isBlocked = stored.plan.warnings.some(({ level }) => level === "block");
    return isBlocked ? planMessages.present(stored, invocation) : runAtOnce(stored.number, context, uses);
  },
};

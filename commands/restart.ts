import { appOf, environmentOf } from "../src/engine/commands/apps.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { incidentFor } from "../src/engine/commands/playbook-command.ts";
import type { UseCases } from "../src/engine/use-cases.ts";

/** `api`, `api failed pods`, or in an incident's channel `failed pods`: as people say it, beside --failed. */
function wanted(
  args: Args,
  { incident }: CommandContext,
  { config: { apps } }: Pick<UseCases, "config">,
): { app: string; environment: string; failed: boolean } {
  const words = (args["words"] ?? "").split(" ").filter((word) => word !== "");
  const which = words.slice(apps["failed"] === undefined && words[0] === "failed" ? 0 : 1).join(" ");
  const isFailed = which === "failed" || which === "failed pods";
  const named = isFailed ? words.slice(0, -which.split(" ").length).join(" ") : words.join(" ");
  const app = appOf(apps, named === "" ? undefined : named, incident).name;
  const environment = environmentOf(apps, { app, environment: args["env"] }, incident);
  return { app, environment, failed: isFailed || args["failed"] === "true" };
}

export const restart: Command = {
  name: "restart",
  usage: 'restart [app] [failed pods] [--env <environment>] [--reason "…"]',
  summary: "Plan replacing all pods of an app one after the other, or only those that have failed",
  examples: ["restart api", "restart api failed pods", "restart failed pods"],
  permission: "rollout:restart",
  positionals: ["words…"],
  flags: { failed: { type: "boolean" }, env: { type: "string" }, reason: { type: "string" } },
  startsPlaybook: true,
  scope: (args, context, uses) => wanted(args, context, uses),
  concerns: (args, context, uses) => incidentFor(wanted(args, context, uses), context.incident, uses),
  records: true,
  async run(args, context, uses) {
    const { invocation, actor, incident } = context;
    const { app, environment, failed } = wanted(args, context, uses);
    const stored = await uses.planner.make({
      playbook: "restart",
      app,
      environment,
      inputs: { app, env: environment, failed },
      actor,
      incident: await incidentFor({ app, environment }, incident, uses),
      reason: args["reason"] ?? null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    return uses.planMessages.present(stored, invocation);
  },
};

import { appOf, environmentOf } from "../src/engine/commands/apps.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { answerSurvey } from "../src/engine/monitoring/answer-survey.ts";
import { everyPanel, panelsOfApp } from "../src/engine/monitoring/panels.ts";

/** No app is named and no incident says which: all of them. */
function isOfAll(args: Args, { incident }: CommandContext): boolean {
  return args["app"] === undefined && (incident?.app ?? null) === null;
}

export const metrics: Command = {
  name: "metrics",
  usage: "metrics [app] [--env <environment>] [--since <duration>]",
  summary: "Every metric with its target, its value now and its trend, as a table and a picture",
  examples: ["metrics", "metrics api", "metrics api --since 6h"],
  permission: "workload:read",
  positionals: ["app"],
  flags: { env: { type: "string" }, since: { type: "string" } },
  scope(args, context, { config }) {
    if (isOfAll(args, context)) return "anywhere";
    const { incident } = context;
    const app = appOf(config.apps, args["app"], incident).name;
    return { app, environment: environmentOf(config.apps, { app, environment: args["env"] }, incident) };
  },
  async run(args, context, uses) {
    const { config } = uses;
    const since = args["since"];
    if (isOfAll(args, context)) {
      const panels = everyPanel(config);
      return answerSurvey({ title: "All metrics", panels, since, where: "`dashboards`" }, context, uses);
    }
    const { name, title } = appOf(config.apps, args["app"], context.incident);
    const asked = { app: name, environment: args["env"] };
    const environment = environmentOf(config.apps, asked, context.incident);
    return answerSurvey(
      {
        title: `Metrics of ${title} in ${environment}`,
        panels: panelsOfApp(config, name, environment),
        since,
        where: `\`apps.${name}.metrics\``,
      },
      context,
      uses,
    );
  },
};

import { quoted } from "../src/domain/clean-text.ts";
import { UserError } from "../src/domain/errors.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { nearest } from "../src/engine/commands/nearest.ts";
import { answerSurvey } from "../src/engine/monitoring/answer-survey.ts";
import { panelsOfDashboard } from "../src/engine/monitoring/panels.ts";

function unknown(name: string | undefined, names: readonly string[]): UserError {
  const near = name === undefined ? undefined : nearest(name, names);
  return new UserError(name === undefined ? "Which dashboard?" : `There is no dashboard ${quoted(name)}.`, {
    why:
      names.length === 0
        ? "crai.yaml has none."
        : near === undefined
          ? `There are: ${names.join(", ")}.`
          : `Did you mean ${near}?`,
    next:
      names.length === 0
        ? "Whoever keeps crai.yaml adds them under `dashboards`; crai.example.yaml has five."
        : `Type \`dashboard ${near ?? names[0]}\`.`,
  });
}

export const dashboard: Command = {
  name: "dashboard",
  usage: "dashboard <name> [--since <duration>]",
  summary: "A dashboard as one picture, with its figures and targets",
  examples: ["dashboard overview", "dashboard model --since 1d"],
  permission: "workload:read",
  positionals: ["name"],
  flags: { since: { type: "string" } },
  scope: () => "anywhere",
  async run({ name, since }, context, uses) {
    const { dashboards } = uses.config;
    if (name === undefined || !Object.hasOwn(dashboards, name)) throw unknown(name, Object.keys(dashboards));
    return answerSurvey(
      {
        title: dashboards[name]!.title,
        panels: panelsOfDashboard(uses.config, name),
        since,
        where: `\`dashboards.${name}\``,
      },
      context,
      uses,
    );
  },
};

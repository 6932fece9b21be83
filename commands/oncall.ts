import type { App } from "../src/domain/app.ts";
import type { Text } from "../src/domain/view.ts";
import { findApp } from "../src/engine/commands/apps.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { page, table } from "../src/engine/page.ts";
import type { Roster } from "../src/engine/roster.ts";

/** One row for each person, or why nobody can be named. */
async function rowsOf({ onCall }: App, roster: Roster): Promise<{ who: string; until: string }[]> {
  if (onCall.length === 0) return [{ who: "no schedule is configured", until: "" }];
  const rolls = await Promise.all(onCall.map((schedule) => roster.schedule(schedule)));
  const people = rolls.flatMap(({ members, asOf }) =>
    members.map(({ name, until }) => ({
      who: asOf === null ? name : `${name} (as of ${stamp(asOf)})`,
      until: until === null ? "no end" : `until ${stamp(until)}`,
    })),
  );
  const missing = rolls.flatMap((roll) => (roll.missing === null ? [] : [roll.missing.why]));
  const unknown = missing.map((why) => ({ who: `not known: ${why}`, until: "" }));
  return people.length + unknown.length === 0 ? [{ who: "nobody", until: "" }] : [...people, ...unknown];
}

function stamp(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** The contact of the app's owner: whom to ask when nobody is on call, or PagerDuty is away. */
function fallBack(app: App, contacts: Readonly<Record<string, string>>): string {
  const contact = Object.hasOwn(contacts, app.owner) ? contacts[app.owner] : undefined;
  return contact === undefined ? app.owner : `${app.owner}: ${contact}`;
}

export const oncall: Command = {
  name: "oncall",
  usage: "oncall [app]",
  summary: "Who is on call for an app and until when, and whom to ask otherwise",
  examples: ["oncall", "oncall api"],
  permission: "crai:inspect",
  positionals: ["app"],
  flags: {},
  scope: (args, { incident }, { config }) => {
    if (args["app"] !== undefined) return { app: findApp(config.apps, args["app"]).name };
    return { app: incident?.app ?? undefined };
  },
  async run(args, { incident }, { config, roster }) {
    const named = args["app"] ?? incident?.app ?? undefined;
    const names = named === undefined ? Object.keys(config.apps) : [named];
    const rows = await Promise.all(
      names.map(async (name): Promise<Text[][]> => {
        const app = findApp(config.apps, name);
        const otherwise = fallBack(app, config.contacts);
        const found = await rowsOf(app, roster);
        return found.map(({ who, until }) => [name, who, until, otherwise]);
      }),
    );
    return {
      to: "asker",
      view: page("On call", table(["App", "Who", "Until", "Otherwise"], rows.flat())),
    };
  },
};

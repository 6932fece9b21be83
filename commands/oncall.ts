import type { App } from "../src/domain/app.ts";
import type { Text } from "../src/domain/view.ts";
import { findApp } from "../src/engine/commands/apps.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { page, table } from "../src/engine/page.ts";
import type { OnCallPerson, Pager } from "../src/engine/ports.ts";

type OnCall = { people: OnCallPerson[]; why: string | null };

/** Who is on call, or why nobody can be named. */
async function ask(pager: Pager | null, schedules: readonly string[]): Promise<OnCall> {
  if (schedules.length === 0) return { people: [], why: "no schedule is configured" };
  if (pager === null) return { people: [], why: "PagerDuty is not configured" };
  try {
    const people = await pager.onCall(schedules);
    return { people, why: people.length === 0 ? "nobody" : null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { people: [], why: `not known, PagerDuty does not answer: ${why}` };
  }
}

function untilText(until: Date | null): string {
  return until === null ? "no end" : `until ${until.toISOString().slice(0, 16).replace("T", " ")} UTC`;
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
  async run(args, { incident }, { config, pager }) {
    const named = args["app"] ?? incident?.app ?? undefined;
    const names = named === undefined ? Object.keys(config.apps) : [named];
    const rows = await Promise.all(
      names.map(async (name): Promise<Text[][]> => {
        const app = findApp(config.apps, name);
        const { people, why } = await ask(pager, app.onCall);
        const otherwise = fallBack(app, config.contacts);
        if (why !== null) return [[name, why, "", otherwise]];
        return people.map((person) => [name, person.name, untilText(person.until), otherwise]);
      }),
    );
    return {
      to: "asker",
      view: page("On call", table(["App", "Who", "Until", "Otherwise"], rows.flat())),
    };
  },
};

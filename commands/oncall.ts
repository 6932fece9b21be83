import type { App } from "../src/domain/app.ts";
import type { Config } from "../src/domain/config.ts";
import { byHand, type Contact } from "../src/domain/contact.ts";
import type { Block, Inline, Text } from "../src/domain/view.ts";
import { findApp } from "../src/engine/commands/apps.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { chainOf } from "../src/engine/escalation/targets.ts";
import { page, table } from "../src/engine/page.ts";
import type { Roster } from "../src/engine/roster.ts";
import type { UseCases } from "../src/engine/use-cases.ts";

function listed(text: string, items: Text[], ordered: boolean): Block[] {
  if (items.length === 0) return [];
  return [
    { type: "text", text: [{ bold: text }] },
    { type: "list", items, ordered },
  ];
}

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
function fallBack(app: App, contacts: Config["contacts"]): string {
  const contact = Object.hasOwn(contacts, app.owner) ? contacts[app.owner] : undefined;
  const ways = contact === undefined ? [] : byHand(contact);
  return ways.length === 0 ? app.owner : `${app.owner}: ${ways.join(" · ")}`;
}

/** The chain for an app: who that is now, and how else they are reached. */
async function chainItems(app: string | null, { config, reach }: UseCases): Promise<Text[]> {
  return Promise.all(
    chainOf(config, app).map(async (target): Promise<Text> => {
      const { people, page, byHand: ways, doubts } = await reach(target, app);
      const names = people.map(({ name }) => name).join(", ") || "nobody";
      const how = [...(page === null ? [] : ["PagerDuty"]), ...ways].map((way) => ` · ${way}`).join("");
      const sure = doubts.length === 0 ? "" : ` (${doubts.join("; ")})`;
      return [{ bold: target.title }, `: ${names}${how}${sure}`];
    }),
  );
}

function contactItem([name, contact]: [string, Contact]): Text {
  const { slack, schedule, service } = contact;
  const ways: Inline[] = [
    ...((schedule ?? service) === undefined ? [] : ["PagerDuty"]),
    ...(slack === undefined
      ? []
      : slack.startsWith("S")
        ? ["a group in Slack"]
        : [{ person: slack, name: slack }]),
    ...byHand(contact),
  ];
  return [{ bold: name }, ": ", ...ways.flatMap((way, index) => (index === 0 ? [way] : [" · ", way]))];
}

export const oncall: Command = {
  name: "oncall",
  usage: "oncall [app]",
  summary: "Who is on call for an app and until when, the chain that `escalate` climbs, and all contacts",
  examples: ["oncall", "oncall api"],
  permission: "crai:inspect",
  positionals: ["app"],
  flags: {},
  scope: (args, { incident }, { config }) => {
    if (args["app"] !== undefined) return { app: findApp(config.apps, args["app"]).name };
    return { app: incident?.app ?? undefined };
  },
  async run(args, { incident }, uses) {
    const { config, roster } = uses;
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
    const chain = await chainItems(named ?? null, uses);
    const contacts = Object.entries(config.contacts).map(contactItem);
    return {
      to: "asker",
      view: page(
        "On call",
        table(["App", "Who", "Until", "Otherwise"], rows.flat()),
        ...listed("Escalation, level by level", chain, true),
        ...listed("Contacts", contacts, false),
      ),
    };
  },
};

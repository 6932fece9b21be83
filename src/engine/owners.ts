import type { Config } from "../domain/config.ts";
import type { Inline } from "../domain/view.ts";

type Known = Pick<Config, "teams" | "contacts" | "slack">;

/** Where what is a team's to do is told; undefined: nowhere. */
export function ownerChannel(
  { teams, slack }: Pick<Known, "teams" | "slack">,
  owner: string,
): string | undefined {
  return teams[owner]?.channel ?? slack.announce;
}

/** Where an app's warnings are told, and those of no app; undefined: nowhere. */
export function appChannel(
  { apps, slack }: Pick<Config, "apps" | "slack">,
  app: string | null,
): string | undefined {
  return (app === null ? undefined : apps[app]?.channel) ?? slack.announce;
}

/** A team as it is called upon: its lead, else whom its contact names in Slack, else by its name alone. */
export function ownerMention({ teams, contacts }: Pick<Known, "teams" | "contacts">, owner: string): Inline {
  const id = teams[owner]?.lead ?? (Object.hasOwn(contacts, owner) ? contacts[owner]?.slack : undefined);
  if (id === undefined) return owner;
  return id.startsWith("S") ? { group: id, name: owner } : { person: id, name: owner };
}

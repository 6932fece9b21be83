import { quoted } from "../../domain/clean-text.ts";
import type { Config } from "../../domain/config.ts";
import type { Contact } from "../../domain/contact.ts";
import { UserError } from "../../domain/errors.ts";
import { nearest } from "../commands/nearest.ts";

/** Somebody who can be called: a level of the chain, a contact, or a person who was mentioned. */
export interface Target {
  title: string;
  /** 0-based place in the chain; null: outside it. */
  level: number | null;
  /** PagerDuty's, in order. */
  schedules: readonly string[];
  contact: Contact | null;
  /** Slack user ID of the one person meant. */
  person: string | null;
  /** The level after it. */
  next: string | null;
}

type Reachable = Pick<Config, "apps" | "contacts" | "escalation">;

/** The chain as it is for one app, first level first. */
export function chainOf({ apps, contacts, escalation }: Reachable, app: string | null): Target[] {
  const ofApp = app === null ? [] : (apps[app]?.onCall ?? []);
  return escalation.map(({ title, schedule, contact }, level) => ({
    title,
    level,
    schedules: schedule === undefined ? [] : schedule === "app" ? ofApp : [schedule],
    contact: (contact === undefined ? undefined : contacts[contact]) ?? null,
    person: null,
    next: escalation[level + 1]?.title ?? null,
  }));
}

function contactTarget({ contacts }: Pick<Config, "contacts">, name: string): Target | null {
  const contact = Object.hasOwn(contacts, name) ? contacts[name] : undefined;
  if (contact === undefined) return null;
  const schedules = contact.schedule === undefined ? [] : [contact.schedule];
  return { title: name, level: null, schedules, contact, person: null, next: null };
}

/** Every word that was typed, in any order, at the beginning of a word of the name: `leg` finds Legal Counsel. */
function isCalled(title: string, asked: string): boolean {
  const words = title.toLowerCase().split(/[\s-]+/);
  return asked
    .toLowerCase()
    .split(/[\s-]+/)
    .every((want) => words.some((word) => word.startsWith(want)));
}

/** The level or contact that somebody names. Throws a UserError that says what there is. */
export function findTarget(config: Reachable, app: string | null, asked: string): Target {
  const contacts = Object.keys(config.contacts).flatMap((name) => contactTarget(config, name) ?? []);
  const all = [...chainOf(config, app), ...contacts];
  const exact = all.find(({ title }) => title.toLowerCase() === asked.toLowerCase());
  const found = exact === undefined ? all.filter(({ title }) => isCalled(title, asked)) : [exact];
  if (found.length === 1) return found[0]!;
  const titles = all.map(({ title }) => title);
  if (found.length > 1)
    throw new UserError(`${quoted(asked)} may be several.`, {
      why: `It fits ${found.map(({ title }) => title).join(", ")}.`,
      next: "Write more of the name.",
    });
  const near = nearest(asked, titles);
  throw new UserError(`There is nobody ${quoted(asked)} to call.`, {
    why:
      titles.length === 0
        ? "crai.yaml has no `escalation` and no `contacts`."
        : near === undefined
          ? `There are: ${titles.join(", ")}.`
          : `Did you mean ${near}?`,
    next: "Name one of them, or mention a person; `oncall` shows who that is now.",
  });
}

import type { Config } from "../../domain/config.ts";
import { byHand } from "../../domain/contact.ts";
import type { FactOf } from "../../domain/timeline.ts";
import type { Directory, Page } from "../ports.ts";
import type { Roll, Roster } from "../roster.ts";
import type { Target } from "./targets.ts";

type Called = FactOf<"escalation.called">;

/** How somebody can be reached at this moment. */
export interface Reach extends Pick<Called, "people" | "byHand" | "doubts"> {
  /** null: nobody is known to PagerDuty. */
  page: Pick<Page, "service" | "to"> | null;
}

export interface ReachOptions {
  config: Pick<Config, "apps">;
  roster: Pick<Roster, "schedule" | "group">;
  directory: Pick<Directory, "displayName" | "email">;
  /** Whether there is a PagerDuty to page with. */
  pages: boolean;
}

/** A sentence without its period about what a schedule does not say for certain. */
function doubtsOf({ members, asOf, missing }: Roll, schedule: string): string[] {
  if (missing !== null) return [missing.why];
  if (asOf !== null)
    return [`who is on call in ${schedule} is as of ${asOf.toISOString().slice(11, 16)} UTC`];
  return members.length === 0 ? [`nobody is on call in ${schedule}`] : [];
}

export type FindReach = (target: Target, app: string | null) => Promise<Reach>;

/** Asks PagerDuty's schedules first, and the static contact where they name nobody. */
export function createReach({ config, roster, directory, pages }: ReachOptions): FindReach {
  /** A person is paged as themselves, so any service serves; the app's own says what it is about. */
  function serviceFor(app: string | null): string | undefined {
    const own = app === null ? undefined : config.apps[app]?.pagerdutyService;
    return own ?? Object.values(config.apps).flatMap(({ pagerdutyService }) => pagerdutyService ?? [])[0];
  }

  async function named(id: string): Promise<Called["people"][number]> {
    return { id, name: await directory.displayName(id).catch(() => id) };
  }

  async function fallBack(
    slack: string | undefined,
  ): Promise<{ people: Called["people"]; doubts: string[] }> {
    if (slack === undefined) return { people: [], doubts: [] };
    if (!slack.startsWith("S")) return { people: [await named(slack)], doubts: [] };
    const { members, missing } = await roster.group(slack);
    const people = await Promise.all(members.flatMap((member) => member.slack ?? []).map(named));
    return { people, doubts: missing === null ? [] : [missing.why] };
  }

  async function pageTo(
    { contact, person }: Target,
    app: string | null,
    schedule: string | undefined,
  ): Promise<Reach["page"]> {
    if (!pages) return null;
    const service = contact?.service ?? serviceFor(app);
    if (service === undefined) return null;
    if (schedule !== undefined) return { service, to: { schedule } };
    if (contact?.service !== undefined) return { service, to: null };
    const email = person === null ? null : await directory.email(person).catch(() => null);
    return email === null ? null : { service, to: { email } };
  }

  return async (target, app) => {
    const { schedules, contact, person } = target;
    const rolls = await Promise.all(schedules.map((id) => roster.schedule(id)));
    const asked = rolls.flatMap(({ members }) => members.map(({ slack, name }) => ({ id: slack, name })));
    const known = rolls.findIndex(({ members }) => members.length > 0);
    // Whoever cannot be known now may be when the page is delivered.
    const schedule =
      schedules[known >= 0 ? known : rolls.findIndex(({ missing }) => missing?.passing === true)];
    const doubts = rolls.flatMap((roll, index) => doubtsOf(roll, schedules[index]!));
    const other = asked.length > 0 ? { people: [], doubts: [] } : await fallBack(person ?? contact?.slack);
    const page = await pageTo(target, app, schedule);
    return {
      people: [...new Map([...asked, ...other.people].map((one) => [one.id ?? one.name, one])).values()],
      page,
      byHand: contact === null ? [] : byHand(contact),
      doubts: [
        ...doubts,
        ...other.doubts,
        ...(page === null ? [pages ? "not known to PagerDuty" : "no PagerDuty is configured"] : []),
      ],
    };
  };
}

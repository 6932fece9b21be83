import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { byHand, type Contact } from "../../domain/contact.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Text, View } from "../../domain/view.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { readStream } from "../../store/timeline.ts";
import { say } from "../record.ts";
import type { Authorizer } from "../authorizer.ts";
import type { Directory } from "../ports.ts";
import type { Roll, Roster } from "../roster.ts";

export interface GatherOptions {
  db: Database;
  config: Pick<Config, "apps" | "confidential" | "contacts" | "invitations">;
  roster: Roster;
  authorizer: Pick<Authorizer, "holders">;
  directory: Pick<Directory, "displayName">;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

/** ms until PagerDuty is asked again when it did not say who is on call. */
const AGAIN_AFTER = 5000;

/**
 * Invites whoever declared an incident and the people on call for its app; to a confidential one those whom crai.yaml
 * names, and where those are nobody, whoever is on call and trusted with most. Returns when to try again, or undefined
 * when everybody was found.
 */
export function createGather({
  db,
  config,
  roster,
  authorizer,
  directory,
  wakeOutbox,
  now,
  log,
}: GatherOptions): (incident: number) => Promise<Date | undefined> {
  async function onCallFor({ app }: Incident): Promise<Roll[]> {
    const schedules = app === null ? [] : (config.apps[app]?.onCall ?? []);
    return Promise.all(schedules.map((schedule) => roster.schedule(schedule)));
  }

  /** The contacts whom crai.yaml wants in each incident of this kind. */
  function contactsFor({ kind }: Incident): [string, Contact][] {
    return config.invitations[kind].flatMap((name): [string, Contact][] => {
      const contact = config.contacts[name];
      return contact === undefined ? [] : [[name, contact]];
    });
  }

  async function rollsFor(incident: Incident): Promise<Roll[]> {
    const contacts = contactsFor(incident).map(([, contact]) => contact);
    const members = isConfidential(incident.kind) ? config.confidential.members : [];
    const groups = [...members, ...contacts.flatMap(({ slack }) => slack ?? [])].filter(isGroup);
    const schedules = contacts.flatMap(({ schedule }) => schedule ?? []);
    const rolls = await Promise.all([
      ...[...new Set(groups)].map((group) => roster.group(group)),
      ...schedules.map((schedule) => roster.schedule(schedule)),
    ]);
    return isConfidential(incident.kind) ? rolls : [...(await onCallFor(incident)), ...rolls];
  }

  /** Slack answers with the ID itself where it knows nobody of it. */
  async function isKnown(user: string): Promise<boolean> {
    return (await directory.displayName(user).catch(() => null)) !== user;
  }

  /** Those who are named one by one; somebody who is not known cannot be invited. */
  async function namedFor(incident: Incident): Promise<string[]> {
    const members = isConfidential(incident.kind) ? config.confidential.members : [];
    const contacts = contactsFor(incident).flatMap(([, { slack }]) => slack ?? []);
    const named = [...members, ...contacts].filter((id) => !isGroup(id));
    const known = await Promise.all(named.map(isKnown));
    return named.filter((_, index) => known[index]);
  }

  /** Better a few who are trusted with much than a channel that nobody is in. */
  async function substitutesFor(incident: Incident): Promise<string[]> {
    const scope = { app: incident.app ?? undefined, environment: incident.environment ?? undefined };
    const rolls = await onCallFor(incident);
    const trusted = await authorizer.holders("glass:break", scope);
    const found = [...rolls.flatMap((roll) => usersOf(roll, incident)), ...trusted];
    return found.length > 0 ? found : authorizer.holders("plan:approve", scope);
  }

  async function invite(incident: number, users: readonly string[]): Promise<void> {
    // One message for each, so that somebody who cannot be invited keeps nobody else out.
    for (const user of users)
      await say(
        db,
        { key: `incident:${incident}:invite:${user}`, about: incident },
        { do: "invite", channel: { incident }, users: [user] },
        now(),
      );
    wakeOutbox();
  }

  /** Whoever is wanted and cannot be invited has to be told by people: once, where those are. */
  async function nameOthers(incident: Incident): Promise<void> {
    const others = contactsFor(incident).filter(
      ([, { slack, schedule }]) => (slack ?? schedule) === undefined,
    );
    if (others.length === 0) return;
    const { number } = incident;
    await say(
      db,
      { key: `incident:${number}:to-inform`, about: number },
      { do: "post", channel: { incident: number }, view: toInform(others) },
      now(),
    );
  }

  return async (number) => {
    const incident = await incidentByNumber(db, number);
    if (!incident) return undefined;
    const [opened] = await readStream(db, `incident:${number}`);
    if (opened?.actor.kind === "person" && /^[UW]/.test(opened.actor.id))
      await invite(number, [opened.actor.id]);
    const rolls = await rollsFor(incident);
    const people = [...(await namedFor(incident)), ...rolls.flatMap((roll) => usersOf(roll, incident))];
    await invite(number, [...new Set(people)]);
    await nameOthers(incident);
    const missing = rolls.flatMap((roll) => (roll.missing?.passing === true ? roll.missing.why : []));
    if (people.length === 0 && missing.length === 0 && isConfidential(incident.kind)) {
      log.warn({ incident: number }, "confidential.members names nobody who is known: others are invited");
      await invite(number, [...new Set(await substitutesFor(incident))]);
    }
    if (missing.length === 0 || incident.status === "resolved") return undefined;
    log.warn({ incident: number, missing }, "whom to invite is not known yet");
    return addMilliseconds(now(), AGAIN_AFTER);
  };
}

function isGroup(id: string): boolean {
  return id.startsWith("S");
}

function toInform(others: readonly [string, Contact][]): View {
  const summary = "To be informed by hand: they are not in Slack.";
  const items = others.map(([name, contact]): Text => [{ bold: name }, `: ${byHand(contact).join(" · ")}`]);
  return {
    summary,
    blocks: [
      { type: "text", text: summary },
      { type: "list", items },
    ],
  };
}

/** Nobody is let into a confidential channel for having been in a group some time ago. */
function usersOf({ members, asOf }: Roll, { kind }: Incident): string[] {
  if (asOf !== null && isConfidential(kind)) return [];
  return members.flatMap(({ slack }) => slack ?? []);
}

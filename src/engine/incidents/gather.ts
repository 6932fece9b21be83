import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { readStream } from "../../store/timeline.ts";
import type { Directory, Pager } from "../ports.ts";
import { say } from "../record.ts";

export interface GatherOptions {
  db: Database;
  config: Pick<Config, "apps" | "confidential">;
  directory: Pick<Directory, "userByEmail" | "groupMembers">;
  pager: Pick<Pager, "onCall"> | null;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

/** ms until PagerDuty is asked again when it did not say who is on call. */
const AGAIN_AFTER = 5000;

/**
 * Invites whoever declared an incident and the people on call for its app; to a confidential one those whom crai.yaml
 * names. Returns when to try again, or undefined when everybody was found.
 */
export function createGather({
  db,
  config,
  directory,
  pager,
  wakeOutbox,
  now,
  log,
}: GatherOptions): (incident: number) => Promise<Date | undefined> {
  async function membersFor(): Promise<string[]> {
    const { members } = config.confidential;
    const groups = members.filter((member) => member.startsWith("S"));
    const fromGroups = await Promise.all(groups.map((group) => directory.groupMembers(group)));
    return [...new Set([...members.filter((member) => !member.startsWith("S")), ...fromGroups.flat()])];
  }

  async function peopleFor(incident: Incident): Promise<string[]> {
    if (isConfidential(incident.kind)) return membersFor();
    const schedules = incident.app === null ? [] : (config.apps[incident.app]?.onCall ?? []);
    if (pager === null || schedules.length === 0) return [];
    const people = await pager.onCall(schedules);
    const users = await Promise.all(
      people.map(async ({ email }) => (email === null ? null : directory.userByEmail(email))),
    );
    return users.filter((user) => user !== null);
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

  return async (number) => {
    const incident = await incidentByNumber(db, number);
    if (!incident) return undefined;
    const [opened] = await readStream(db, `incident:${number}`);
    if (opened?.actor.kind === "person" && /^[UW]/.test(opened.actor.id))
      await invite(number, [opened.actor.id]);
    try {
      await invite(number, await peopleFor(incident));
      return undefined;
    } catch (err) {
      log.warn({ err, incident: number }, "whom to invite is not known yet");
      return addMilliseconds(now(), AGAIN_AFTER);
    }
  };
}

import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { readStream } from "../../store/timeline.ts";
import { say } from "../record.ts";
import type { Roll, Roster } from "../roster.ts";

export interface GatherOptions {
  db: Database;
  config: Pick<Config, "apps" | "confidential">;
  roster: Roster;
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
  roster,
  wakeOutbox,
  now,
  log,
}: GatherOptions): (incident: number) => Promise<Date | undefined> {
  async function rollsFor(incident: Incident): Promise<Roll[]> {
    if (isConfidential(incident.kind)) {
      const groups = config.confidential.members.filter((member) => member.startsWith("S"));
      return Promise.all(groups.map((group) => roster.group(group)));
    }
    const schedules = incident.app === null ? [] : (config.apps[incident.app]?.onCall ?? []);
    return Promise.all(schedules.map((schedule) => roster.schedule(schedule)));
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
    if (isConfidential(incident.kind))
      await invite(
        number,
        config.confidential.members.filter((member) => !member.startsWith("S")),
      );
    const rolls = await rollsFor(incident);
    await invite(number, [...new Set(rolls.flatMap((roll) => usersOf(roll, incident)))]);
    const missing = rolls.flatMap((roll) => (roll.missing?.passing === true ? roll.missing.why : []));
    if (missing.length === 0 || incident.status === "resolved") return undefined;
    log.warn({ incident: number, missing }, "whom to invite is not known yet");
    return addMilliseconds(now(), AGAIN_AFTER);
  };
}

/** Nobody is let into a confidential channel for having been in a group some time ago. */
function usersOf({ members, asOf }: Roll, { kind }: Incident): string[] {
  if (asOf !== null && isConfidential(kind)) return [];
  return members.flatMap(({ slack }) => slack ?? []);
}

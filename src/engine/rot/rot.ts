import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Database } from "../../store/database.ts";
import { setOnce } from "../../store/deadlines.ts";
import { knownRot, putRot } from "../../store/rot.ts";
import { page } from "../page.ts";
import type { Playbooks } from "../playbooks/loaded.ts";
import type { Planner } from "../plans/planner.ts";
import { say } from "../record.ts";
import type { DeadlineHandlers } from "../ticker.ts";
import { dayIn, nextTimeOfDay } from "../time-of-day.ts";
import { type Found, probePlaybook, type Trial, trialsOf } from "./probe-playbook.ts";

export interface RotOptions {
  db: Database;
  config: Pick<Config, "apps" | "timeZone" | "teams" | "slack">;
  playbooks: () => Playbooks;
  planner: Pick<Planner, "draft">;
  wakeOutbox: () => void;
  log: Logger;
  now: Clock;
}

/** By the clocks of the team: when nobody is disturbed by it. */
const AT = "03:00";

export type Probed = Trial & { found: Found };

/** `rollback postgres in prod` */
export function trialName({ playbook, app, environment }: Trial): string {
  const where = environment === null ? "" : ` in ${environment}`;
  return `${playbook.metadata.name}${app === null ? "" : ` ${app}`}${where}`;
}

/** Every playbook for everything it could be started for, one after the other: the cluster has others to answer. */
export async function probeAll({
  config: { apps },
  playbooks,
  planner,
}: Pick<RotOptions, "playbooks" | "planner"> & { config: Pick<Config, "apps"> }): Promise<Probed[]> {
  const probed: Probed[] = [];
  for (const playbook of playbooks().values())
    for (const trial of trialsOf(playbook, apps))
      probed.push({ ...trial, found: await probePlaybook(trial, planner) });
  return probed;
}

/** Not every playbook is for every app: one that never could be planned is told of when it can be for none. */
function isNews(one: Probed, before: boolean | undefined, others: readonly Probed[]): boolean {
  if (one.found.state !== "unable") return false;
  if (before !== undefined) return before;
  return others.every(({ playbook, found }) => playbook !== one.playbook || found.state !== "able");
}

/** Its plan tells who is contained: that is said to nobody who does not take part in the incident. */
function isContainment({ playbook: { permission, permissions } }: Trial): boolean {
  return [permission, ...permissions].includes("app:contain");
}

/**
 * Each night every playbook is planned against the clusters as they are, read-only, as the observer; who owns one that can
 * no longer be planned hears of it once.
 */
export function createRot(options: RotOptions): { set(): Promise<void>; handlers: DeadlineHandlers } {
  const { db, config, wakeOutbox, log, now } = options;

  function next(): Date {
    return nextTimeOfDay(now(), AT, config.timeZone);
  }

  async function tell(news: readonly Probed[]): Promise<void> {
    const day = dayIn(config.timeZone, now());
    for (const [owner, all] of Map.groupBy(news, ({ playbook }) => playbook.metadata.owner)) {
      const channel = config.teams[owner]?.channel ?? config.slack.announce;
      if (channel === undefined) continue;
      const view = page(
        `${all.length === 1 ? "A playbook" : `${all.length} playbooks`} of ${owner} can no longer be carried out`,
        {
          type: "list",
          items: all.map((one) => [
            { bold: trialName(one) },
            `: ${one.found.state === "able" ? "" : one.found.why}`,
          ]),
        },
        { type: "note", text: "Planned read-only last night; said once. `crai check --live` tries again." },
      );
      await say(
        db,
        { key: `rot:${day}:${owner}`, about: null },
        { do: "post", channel: { id: channel }, view },
        now(),
      );
    }
  }

  /** Returns when it is due again. */
  async function look(): Promise<Date> {
    const before = new Map((await knownRot(db)).map(({ subject, able }) => [subject, able]));
    const probed = (await probeAll(options)).filter((one) => !isContainment(one));
    const news = probed.filter((one) => isNews(one, before.get(trialName(one)), probed));
    await tell(news);
    for (const one of probed)
      if (one.found.state !== "unseen")
        await putRot(db, {
          subject: trialName(one),
          able: one.found.state === "able",
          why: one.found.state === "able" ? null : one.found.why,
          at: now(),
        });
    log.info({ playbooks: probed.length, news: news.map(trialName) }, "playbooks planned read-only");
    wakeOutbox();
    return next();
  }

  return {
    set: () => setOnce(db, { key: "playbooks:rot", kind: "playbooks.rot", subject: {}, dueAt: next() }),
    handlers: { "playbooks.rot": look },
  };
}

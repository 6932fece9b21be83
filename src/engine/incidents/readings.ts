import { addMilliseconds } from "date-fns/addMilliseconds";
import { min } from "date-fns/min";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Incident } from "../../domain/incident.ts";
import type { ReadingsKept } from "../../domain/readings.ts";
import type { Database } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { keepReadings, readingsOf } from "../../store/readings.ts";
import type { Metrics } from "../ports.ts";

/** What is known of an app's metrics around an incident; null: the incident has no app that is measured. */
export type ReadingsFound = { kept: ReadingsKept } | { why: string } | null;

export interface Readings {
  /**
   * How the app's metrics went from before the incident until after `until`: asked of Prometheus once, and what it
   * said is kept, so that the same record always tells the same.
   */
  of(incident: Incident, until: Date): Promise<ReadingsFound>;
}

/** ms that are shown before and after, at least and at most. */
const MARGIN = { least: 60_000, most: 1_800_000 } as const;
/** Readings of one metric, more or less. */
const POINTS = 240;

function windowOf({ detectedAt }: Incident, until: Date, now: Date) {
  const lasted = until.getTime() - detectedAt.getTime();
  const margin = Math.min(MARGIN.most, Math.max(MARGIN.least, lasted / 4));
  const from = addMilliseconds(detectedAt, -margin);
  const to = min([addMilliseconds(until, margin), now]);
  const stepMs = Math.max(1, Math.ceil((to.getTime() - from.getTime()) / POINTS / 1000)) * 1000;
  return { from, to, stepMs };
}

export function createReadings({
  db,
  config,
  metrics,
  now,
}: {
  db: Database;
  config: Pick<Config, "apps">;
  metrics: Pick<Metrics, "range">;
  now: Clock;
}): Readings {
  return {
    async of(incident, until) {
      const app = incident.app === null ? undefined : config.apps[incident.app];
      const environment = app?.environments[incident.environment ?? ""];
      const measured = Object.values(app?.metrics ?? {});
      if (!environment || measured.length === 0) return null;
      const before = await readingsOf(db, incident.number, until);
      if (before) return { kept: before };
      const window = windowOf(incident, until, now());
      try {
        const panels = await Promise.all(
          measured.map(async ({ title, unit, query, below = null, above = null }) => {
            const points = await metrics.range(environment.cluster, query, window);
            return {
              title,
              unit,
              below,
              above,
              points: points.map(({ at, value }) => [at.getTime(), value] as const),
            };
          }),
        );
        const { from, to, stepMs } = window;
        const kept = { from: from.toISOString(), to: to.toISOString(), stepMs, panels };
        return { kept: await keepReadings(db, { incident: incident.number, until, kept, at: now() }) };
      } catch (error) {
        return { why: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

/** ms between two attempts while Prometheus does not answer, and for how long it is tried: it forgets, too. */
const AGAIN_AFTER = 60_000;
const TRIED_FOR = 6 * 3_600_000;

/** Keeps the readings of an incident that is over, whether or not somebody asks for its post-mortem. */
export function createReadingsTaker({
  db,
  readings,
  now,
}: {
  db: Database;
  readings: Readings;
  now: Clock;
}): (incident: number) => Promise<Date | undefined> {
  return async (number) => {
    const incident = await incidentByNumber(db, number);
    if (!incident || incident.resolvedAt === null) return undefined;
    const found = await readings.of(incident, incident.resolvedAt);
    const isLate = now().getTime() - incident.resolvedAt.getTime() > TRIED_FOR;
    return found !== null && "why" in found && !isLate ? addMilliseconds(now(), AGAIN_AFTER) : undefined;
  };
}

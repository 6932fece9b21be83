import { addMilliseconds } from "date-fns/addMilliseconds";
import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { isConfidential } from "../../domain/incident.ts";
import { alertById, markAsked, markSilent, unasked, unheard } from "../../store/alerts.ts";
import type { Database } from "../../store/database.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Incidents } from "../incidents/incidents.ts";
import type { Pager } from "../ports.ts";

export interface SilenceOptions {
  db: Database;
  config: Pick<Config, "deadlines">;
  /** null: no PagerDuty is configured. */
  pager: Pick<Pager, "incident"> | null;
  incidents: Pick<Incidents, "refresh">;
  /** Ends what fires under an incident of PagerDuty, as its own word would. */
  endOfPager: (pagerdutyIncident: string) => Promise<void>;
  /** Shows a warning again. */
  warn: (row: Row<"alert">) => Promise<void>;
  now: Clock;
  log: Logger;
}

/** ms between two looks; a fraction of the silence, where that is short. */
const EVERY = 60_000;
/** Incidents of PagerDuty that are asked for in one look: it allows 960 requests a minute for everything. */
const ASKED = 20;

/**
 * Finds alerts whose end may have got lost. Alertmanager and Grafana repeat what fires: one that nobody has repeated
 * for long is "not heard since", which is not "resolved". PagerDuty repeats nothing and is asked.
 * Returns when to look again.
 */
export function createSilence(options: SilenceOptions): () => Promise<Date> {
  const { db, config, pager, incidents, endOfPager, warn, now, log } = options;
  const { silence } = config.deadlines;

  async function silenceOne({ id, incident, ...alert }: Row<"alert">, before: Date): Promise<boolean> {
    return db.transaction().execute(async (trx) => {
      if (!(await markSilent(trx, id, before, now()))) return false;
      if (incident === null) return true;
      const { source, fingerprint, title, last_received_at: since } = alert;
      await appendEntry(trx, {
        stream: `incident:${incident}`,
        at: now(),
        key: `alert.silent:${id}:${since.toISOString()}`,
        actor: { kind: "observer" },
        fact: { kind: "alert.silent", source, fingerprint, title, since: since.toISOString() },
      });
      return true;
    });
  }

  async function silenceAll(before: Date): Promise<void> {
    const touched = new Set<number>();
    for (const row of await unheard(db, before)) {
      if (!(await silenceOne(row, before))) continue;
      if (row.incident !== null) touched.add(row.incident);
      const fresh = await alertById(db, row.id);
      if (fresh?.level === "warning" && !isConfidential(fresh.kind)) await warn(fresh);
    }
    for (const incident of touched) await incidents.refresh(incident);
  }

  async function askPager(before: Date): Promise<void> {
    if (pager === null) return;
    for (const { id, fingerprint } of await unasked(db, before, ASKED)) {
      const incident = await pager.incident(fingerprint);
      await markAsked(db, id, now());
      // One that PagerDuty no longer knows can tell of nothing any more.
      if (incident === null || incident.status === "resolved") await endOfPager(fingerprint);
    }
  }

  return async () => {
    const before = addMilliseconds(now(), -silence);
    await silenceAll(before);
    await askPager(before).catch((err: unknown) =>
      log.warn({ err }, "PagerDuty did not say how its incidents stand; it is asked again"),
    );
    return addMilliseconds(now(), Math.min(EVERY, Math.max(1000, silence / 4)));
  };
}

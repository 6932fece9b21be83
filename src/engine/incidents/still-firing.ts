import type { Clock } from "../../domain/clock.ts";
import { formatDuration } from "../../domain/deadline.ts";
import type { Incident, IncidentStatus } from "../../domain/incident.ts";
import type { View } from "../../domain/view.ts";
import { firingIn } from "../../store/alerts.ts";
import type { Database } from "../../store/database.ts";
import { lockIncident } from "../../store/incidents.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import { say } from "../record.ts";
import { firingLines } from "./change-view.ts";

function stillFiringView(
  { status, mitigatedAt, resolvedAt }: Incident,
  firing: readonly Row<"alert">[],
  now: Date,
): View {
  const since = status === "resolved" ? resolvedAt : mitigatedAt;
  const after = since === null ? "" : ` ${formatDuration(now.getTime() - since.getTime())} after it`;
  const summary = `Alerts of this incident are still firing,${after} was ${status}.`;
  return {
    summary,
    blocks: [
      { type: "text", text: summary },
      { type: "list", items: firingLines(firing, now) },
      { type: "note", text: "This is said once." },
      { type: "buttons", buttons: [{ label: "Reopen", command: "reopen" }] },
    ],
  };
}

/** Says once that what fired when an incident was called mitigated or resolved fires on. */
export function createStillFiring({
  db,
  wakeOutbox,
  now,
}: {
  db: Database;
  wakeOutbox: () => void;
  now: Clock;
}): (number: number, status: IncidentStatus) => Promise<undefined> {
  return async (number, status) => {
    await db.transaction().execute(async (trx) => {
      const incident = await lockIncident(trx, number);
      if (incident?.status !== status) return;
      const firing = await firingIn(trx, incident);
      if (firing.length === 0) return;
      const since = status === "resolved" ? incident.resolvedAt : incident.mitigatedAt;
      const key = `still-firing:${status}:${since?.toISOString()}`;
      await appendEntry(trx, {
        stream: `incident:${number}`,
        at: now(),
        key,
        actor: { kind: "observer" },
        fact: {
          kind: "alerts.still-firing",
          status,
          titles: [...new Set(firing.map(({ title }) => title))],
        },
      });
      await say(
        trx,
        { key: `incident:${number}:${key}`, about: number },
        { do: "post", channel: { incident: number }, view: stillFiringView(incident, firing, now()) },
        now(),
      );
    });
    wakeOutbox();
    return undefined;
  };
}

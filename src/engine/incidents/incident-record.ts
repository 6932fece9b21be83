import type { Incident } from "../../domain/incident.ts";
import type { Plan } from "../../domain/plan.ts";
import type { TimelineEntry } from "../../domain/timeline.ts";
import type { Queries } from "../../store/database.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { planByNumber } from "../../store/plans.ts";
import { listRuns } from "../../store/runs.ts";
import { readStream } from "../../store/timeline.ts";

/** What is written down of an incident so far. */
export interface IncidentRecord {
  incident: Incident;
  entries: TimelineEntry[];
  /** Newest first. */
  runs: {
    number: number;
    playbook: string;
    inputs: Plan["inputs"];
    outcome: string | null;
    at: Date | null;
    undoes: number | null;
  }[];
}

/** Runs of one incident that are looked through. */
const MOST = 200;

export async function incidentRecord(db: Queries, number: number | null): Promise<IncidentRecord | null> {
  const incident = number === null ? undefined : await incidentByNumber(db, number);
  if (incident === undefined) return null;
  const rows = await listRuns(db, { incident: incident.number, audience: "everything", limit: MOST });
  const runs = await Promise.all(
    rows.map(async (row) => {
      const stored = await planByNumber(db, row.plan);
      return {
        number: row.number,
        playbook: stored?.plan.playbook.name ?? "",
        inputs: stored?.plan.inputs ?? {},
        outcome: row.outcome,
        at: row.finished_at,
        undoes: stored?.plan.undoes ?? null,
      };
    }),
  );
  return { incident, entries: await readStream(db, `incident:${incident.number}`), runs };
}

import type { Clock } from "../../domain/clock.ts";
import type { Queries } from "../../store/database.ts";
import { alertTotals } from "../../store/alerts.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { planByNumber, waitingPlans } from "../../store/plans.ts";
import { listRuns } from "../../store/runs.ts";
import { latestOf } from "../../store/timeline.ts";
import { doer } from "./entry-text.ts";
import { incidentCard } from "./incident-card.ts";
import { actorInline } from "../people.ts";
import { show } from "../record.ts";

/** Renders an incident's card from the record and stores it as the latest state of its one pinned message. */
export async function showIncident(trx: Queries, number: number, now: Clock): Promise<void> {
  const incident = await incidentByNumber(trx, number);
  if (!incident) return;
  const [row] = await listRuns(trx, { incident: number, audience: "everything", limit: 1 });
  const stored = row && (await planByNumber(trx, row.plan));
  const offer = (await waitingPlans(trx, number)).find((plan) => plan.plan.actor.kind !== "person") ?? null;
  const acknowledged = await latestOf(trx, `incident:${number}`, "incident.acknowledged");
  const who = acknowledged && doer(acknowledged);
  const view = incidentCard({
    incident,
    alerts: await alertTotals(trx, number),
    offer,
    run: row && stored ? { row, stored } : null,
    acknowledgedBy: typeof who === "object" ? actorInline(who) : (who ?? null),
  });
  await show(
    trx,
    { key: `incident:${number}:card`, about: number },
    { do: "post", channel: { incident: number }, view, pin: true },
    now(),
  );
}

import type { Logger } from "pino";
import type { Alert } from "../domain/alert.ts";
import { isUserError } from "../domain/errors.ts";
import type { Playbook } from "../domain/playbook.ts";
import type { Database } from "../store/database.ts";
import { incidentByNumber } from "../store/incidents.ts";
import type { Incidents } from "./incidents.ts";
import type { Playbooks } from "./load-playbooks.ts";
import type { Planner } from "./planner.ts";

function fits({ on_alert: trigger }: Playbook, alert: Alert): boolean {
  if (trigger === undefined || alert.status !== "firing") return false;
  return (
    trigger.level.includes(alert.level) &&
    Object.entries(trigger.labels).every(([label, value]) => alert.labels[label] === value)
  );
}

export interface OfferOptions {
  db: Database;
  planner: Pick<Planner, "make">;
  playbooks: () => Playbooks;
  incidents: Pick<Incidents, "refresh">;
  log: Logger;
}

/**
 * Plans the fix that fits an alert and lets it wait on the incident's card. Read-only, as the alert's own identity;
 * whoever presses Confirm has it planned again with their own. A fix that cannot be planned is not offered.
 */
export function createOffer({
  db,
  planner,
  playbooks,
  incidents,
  log,
}: OfferOptions): (incident: number, alert: Alert) => Promise<void> {
  return async (number, alert) => {
    const incident = await incidentByNumber(db, number);
    if (!incident?.app) return;
    for (const playbook of playbooks().values()) {
      if (!fits(playbook, alert)) continue;
      try {
        await planner.make({
          playbook: playbook.metadata.name,
          app: incident.app,
          environment: incident.environment,
          inputs: { app: incident.app, env: incident.environment, to: null },
          actor: { kind: "alert", source: alert.source },
          incident: number,
          reason: alert.title,
          channel: null,
          key: `offer:${number}:${playbook.metadata.name}`,
        });
        await incidents.refresh(number);
      } catch (error) {
        const expected =
          isUserError(error) || (error instanceof Error && error.name === "ClusterUnreachable");
        log[expected ? "info" : "error"](
          { err: error, incident: number, playbook: playbook.metadata.name },
          "no fix offered",
        );
      }
    }
  };
}

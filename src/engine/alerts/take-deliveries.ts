import type { Alert } from "../../domain/alert.ts";
import type { Clock } from "../../domain/clock.ts";
import { digest } from "../../domain/hash.ts";
import type { Database } from "../../store/database.ts";
import { receive } from "../../store/inbox.ts";
import type { Row } from "../../store/tables.ts";
import type { Handler } from "../inbox.ts";
import type { Alerts, Untaken } from "./alerts.ts";

export interface TakeDeliveriesOptions {
  db: Database;
  alerts: Pick<Alerts, "receive">;
  now: Clock;
}

/** Says why an alert that came alone could not be taken. */
export function demandTaken([untaken]: readonly Untaken[]): void {
  if (untaken === undefined) return;
  const { alert, error } = untaken;
  const why = error instanceof Error ? error.message : String(error);
  throw new Error(`${alert.title} could not be taken: ${why}`, { cause: error });
}

/**
 * Takes what Alertmanager or Grafana have delivered. An alert of several that could not be taken goes back into the
 * inbox alone, where it is kept and tried again without the others.
 */
export function createTakeDeliveries({ db, alerts, now }: TakeDeliveriesOptions): Handler {
  async function putBack({ alert }: Untaken, source: Row<"inbox">["source"]): Promise<void> {
    const key = `untaken:${digest(alert)}`;
    await receive(db, { source, key, body: { alerts: [alert] }, receivedAt: now() });
  }

  return async (rows) => {
    const [first] = rows;
    if (!first) return;
    const brought = rows.flatMap(({ body }) => (body as { alerts: Alert[] }).alerts);
    const untaken = await alerts.receive(brought, first.key);
    if (brought.length === 1) return demandTaken(untaken);
    for (const one of untaken) await putBack(one, first.source);
  };
}

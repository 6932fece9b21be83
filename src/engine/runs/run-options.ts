import type { Logger } from "pino";
import type { Clock } from "../../domain/clock.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Button } from "../../domain/view.ts";
import type { Database } from "../../store/database.ts";
import type { StoredPlan } from "../../store/plans.ts";
import type { Row } from "../../store/tables.ts";
import type { ShowIncident } from "../incidents/show-incident.ts";
import type { Charts } from "../ports.ts";
import type { Actions } from "../playbooks/loaded.ts";
import type { Planner } from "../plans/planner.ts";

export interface RunsOptions {
  db: Database;
  planner: Pick<Planner, "contexts">;
  actions: Actions;
  /** What to offer when a run has ended; must not throw for an unreachable cluster. */
  offers: (run: Row<"run">, plan: Plan) => Promise<Button[]>;
  /** Plans and shows the undo of a run that failed; says so in the log where there is none. */
  offerUndo: (job: { run: Row<"run">; stored: StoredPlan }) => Promise<void>;
  /** Called when a message was stored, so that it goes out at once. */
  wakeOutbox: () => void;
  /** Wakes the waiting steps of a run in this process: it was asked to stop, or a person has answered. */
  stops: { ask(run: number): void; signal(run: number): AbortSignal };
  /** What a step is waiting for, each time it changes. */
  onWaiting?: ((detail: string) => void) | undefined;
  announce: string | undefined;
  showIncident: ShowIncident;
  charts: Charts;
  log: Logger;
  now: Clock;
}

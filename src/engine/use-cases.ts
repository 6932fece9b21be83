import type { Config } from "../domain/config.ts";
import type { Database } from "../store/database.ts";
import type { Approvals } from "./plans/approvals.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Assignments } from "./alerts/assignments.ts";
import type { Escalations } from "./escalation/escalations.ts";
import type { FindReach } from "./escalation/reach.ts";
import type { Incidents } from "./incidents/incidents.ts";
import type { Readings } from "./incidents/readings.ts";
import type { Playbooks } from "./playbooks/loaded.ts";
import type { LockKeeper } from "./runs/lock-keeper.ts";
import type { Planner } from "./plans/planner.ts";
import type { Charts, Chat, Clusters, Directory, Metrics, Pager } from "./ports.ts";
import type { Roster } from "./roster.ts";
import type { Runs } from "./runs/runs.ts";
import type { ScheduleHistory } from "./schedules/history.ts";
import type { PlanMessages } from "./plans/show-plan.ts";

/** What a command may use; each takes the few it needs. Wired once, in main and in cli. */
export interface UseCases {
  config: Config;
  db: Database;
  planner: Planner;
  approvals: Approvals;
  runs: Pick<Runs, "stop" | "answer">;
  planMessages: PlanMessages;
  lockKeeper: LockKeeper;
  incidents: Incidents;
  assignments: Pick<Assignments, "find" | "take">;
  escalations: Pick<Escalations, "call" | "take">;
  reach: FindReach;
  playbooks: () => Playbooks;
  /** What keeps the playbooks' files from being in force as they are now, one line each with file:line. */
  playbookProblems: () => string[];
  schedules: ScheduleHistory;
  authorizer: Authorizer;
  roster: Roster;
  clusters: Clusters;
  metrics: Metrics;
  charts: Charts;
  readings: Readings;
  directory: Directory;
  /** null: no PagerDuty is configured. */
  pager: Pager | null;
  /** null on the command line. */
  chat: Chat | null;
}

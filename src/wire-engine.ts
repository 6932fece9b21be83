import type { Logger } from "pino";
import { commands } from "../commands/index.ts";
import { actions as catalogue } from "./actions/index.ts";
import { createCharts } from "./adapters/charts/charts.ts";
import { createHttpProbe } from "./adapters/http/probe.ts";
import { createModelRegistry } from "./adapters/mlflow/registry.ts";
import { createTlsProbe } from "./adapters/tls/probe.ts";
import { createMetrics } from "./adapters/prometheus/metrics.ts";
import type { Clock } from "./domain/clock.ts";
import type { Config } from "./domain/config.ts";
import { type ApprovalsOptions, createApprovals } from "./engine/plans/approvals.ts";
import { type AuthorizerOptions, createAuthorizer } from "./engine/authorizer.ts";
import { createShowIncident } from "./engine/incidents/show-incident.ts";
import { type Assignments, createAssignments } from "./engine/alerts/assignments.ts";
import { createEscalations, type Escalations } from "./engine/escalation/escalations.ts";
import { createReach } from "./engine/escalation/reach.ts";
import { createIncidents } from "./engine/incidents/incidents.ts";
import { createReadings } from "./engine/incidents/readings.ts";
import { takenNames } from "./engine/commands/playbook-command.ts";
import { createPlaybooks } from "./engine/playbooks/load-playbooks.ts";
import { type Actions, indexActions } from "./engine/playbooks/loaded.ts";
import { createLockKeeper } from "./engine/runs/lock-keeper.ts";
import { createNextSteps } from "./engine/runs/next-steps.ts";
import { withSuspects } from "./engine/runs/suspects.ts";
import { createUndoOffer } from "./engine/plans/offer-undo.ts";
import { createStartAlone, type StartAlone } from "./engine/plans/start-alone.ts";
import { createPlanner } from "./engine/plans/planner.ts";
import type { Chat, Clusters, Directory, Metrics, Pager } from "./engine/ports.ts";
import { createRoster, type RosterOptions } from "./engine/roster.ts";
import type { RunsOptions } from "./engine/runs/run-options.ts";
import { createRuns, type Runs } from "./engine/runs/runs.ts";
import { createPlanMessages } from "./engine/plans/show-plan.ts";
import { createScheduleHistory } from "./engine/schedules/history.ts";
import { createStops } from "./engine/runs/stops.ts";
import type { UseCases } from "./engine/use-cases.ts";
import type { Database, Queries } from "./store/database.ts";
import { keptSecret } from "./store/secrets.ts";

export interface EngineOptions {
  db: Database;
  config: Config;
  /** Folder of the playbooks. */
  playbooks: string;
  clusters: Clusters;
  directory: Directory;
  pager: Pager | null;
  /** Bearer token of crai's account at the model registry; absent: it asks for none. */
  registryToken?: string | null;
  chat: Chat | null;
  executor: ApprovalsOptions["executor"];
  /** Makes a run durable in the transaction that decides it. */
  enqueue: (trx: Queries, run: number) => Promise<void>;
  wakeOutbox: () => void;
  onWaiting?: RunsOptions["onWaiting"];
  keepsRoster: RosterOptions["keeps"];
  vouch?: AuthorizerOptions["vouch"];
  /** What the person, or the log, is told beside the answers. */
  warn: RosterOptions["warn"];
  log: Logger;
  now: Clock;
}

export interface Engine {
  uses: UseCases;
  runs: Runs;
  escalations: Escalations;
  assignments: Assignments;
  metrics: Metrics;
  startAlone: StartAlone;
  actions: Actions;
  reloadPlaybooks: () => void;
}

/** The use cases on their ports: the same for `serve` and for the command line. Throws a UserError for bad playbooks. */
export async function wireEngine(options: EngineOptions): Promise<Engine> {
  const { db, config, clusters, directory, pager, chat, executor, enqueue, wakeOutbox, log, now } = options;
  const actions = indexActions(catalogue);
  const playbooks = createPlaybooks(options.playbooks, actions, takenNames(commands));
  const metrics = createMetrics({
    urls: Object.fromEntries(
      Object.entries(config.clusters).map(([name, { prometheus }]) => [name, prometheus]),
    ),
  });
  const roster = createRoster({ db, directory, pager, keeps: options.keepsRoster, warn: options.warn, now });
  const authorizer = createAuthorizer({ access: config.access, roster, vouch: options.vouch });
  const { announce } = config.slack;
  const planner = createPlanner({
    db,
    config,
    actions,
    playbooks: playbooks.current,
    clusters,
    metrics,
    http: createHttpProbe(),
    tls: createTlsProbe(),
    registry: createModelRegistry({ token: options.registryToken ?? null }),
    authorizer,
    maskKey: await keptSecret(db, "mask"),
    now,
  });
  const stops = createStops();
  const showIncident = createShowIncident({ apps: config.apps, now });
  const charts = createCharts();
  const runs = createRuns({
    charts,
    showIncident,
    db,
    authorizer,
    planner,
    actions,
    offers: withSuspects(createNextSteps({ db, planner, log }), { db, now }),
    wakeOutbox,
    stops,
    offerUndo: createUndoOffer({ planner, refresh: (plan) => planMessages.refresh(plan), log }),
    onWaiting: options.onWaiting,
    announce,
    log,
    now,
  });
  const approvals = createApprovals({ db, config, planner, authorizer, executor, enqueue, now });
  const planMessages = createPlanMessages({ db, approvals, announce, showIncident, wakeOutbox, now });
  const reach = createReach({ config, roster, directory, pages: pager !== null });
  const assignments = createAssignments({ db, config, wakeOutbox, now });
  const escalations = createEscalations({ db, config, reach, wakeOutbox, now });
  const uses: UseCases = {
    config,
    db,
    planner,
    approvals,
    runs,
    planMessages,
    lockKeeper: createLockKeeper({ db, config, authorizer, stops, wakeOutbox, now }),
    incidents: createIncidents({
      showIncident,
      db,
      announce,
      stillFiring: config.deadlines.stillFiring,
      escalate: config.escalation.length === 0 ? null : config.deadlines.escalate,
      wakeOutbox,
      now,
    }),
    assignments,
    escalations,
    reach,
    playbooks: playbooks.current,
    playbookProblems: playbooks.problems,
    schedules: createScheduleHistory({ db, actions, playbooks: playbooks.current, now }),
    authorizer,
    roster,
    clusters,
    metrics,
    charts,
    readings: createReadings({ db, config, metrics, now }),
    directory,
    pager,
    chat,
  };
  const startAlone = createStartAlone({ db, authorizer, enqueue, now });
  return {
    uses,
    runs,
    escalations,
    assignments,
    metrics,
    startAlone,
    actions,
    reloadPlaybooks: playbooks.reload,
  };
}

import type { Action } from "../engine/playbooks/action.ts";
import { dashboardCheck } from "./dashboard-check.ts";
import { alertsCheck } from "./alerts-check.ts";
import { errorsCheck } from "./errors-check.ts";
import { trendCheck } from "./trend-check.ts";
import { reviewsCheck } from "./reviews-check.ts";
import { allPassed } from "./all-passed.ts";
import { approval } from "./approval.ts";
import { ask } from "./ask.ts";
import { backupCheck } from "./backup-check.ts";
import { backupFiles } from "./backup-files.ts";
import { clusterCheck } from "./cluster-check.ts";
import { entranceCheck } from "./entrance-check.ts";
import { cordon } from "./cordon.ts";
import { cronSuspend } from "./cron-suspend.ts";
import { drain } from "./drain.ts";
import { quarantine } from "./quarantine.ts";
import { quarantineLift } from "./quarantine-lift.ts";
import { revokeTokens } from "./revoke-tokens.ts";
import { uncordon } from "./uncordon.ts";
import { evidenceCollect } from "./evidence-collect.ts";
import { evidenceCheck } from "./evidence-check.ts";
import { figuresCheck } from "./figures-check.ts";
import { isolationCheck } from "./isolation-check.ts";
import { preflightRequired } from "./preflight-required.ts";
import { readyCheck } from "./ready-check.ts";
import { checklist } from "./checklist.ts";
import { databaseBackup } from "./database-backup.ts";
import { databaseCompare } from "./database-compare.ts";
import { databaseDiscard } from "./database-discard.ts";
import { databaseLoad } from "./database-load.ts";
import { databaseRows } from "./database-rows.ts";
import { databaseSave } from "./database-save.ts";
import { databaseSwap } from "./database-swap.ts";
import { findings } from "./findings.ts";
import { httpCheck } from "./http-check.ts";
import { incidentFact } from "./incident-fact.ts";
import { incidentCheck } from "./incident-check.ts";
import { jobRun } from "./job-run.ts";
import { ingressCheck } from "./ingress-check.ts";
import { limits } from "./limits.ts";
import { manifestApply } from "./manifest-apply.ts";
import { manifestRestore } from "./manifest-restore.ts";
import { metricsCheck } from "./metrics-check.ts";
import { cacheCheck } from "./cache-check.ts";
import { configCheck } from "./config-check.ts";
import { probeQueries } from "./probe-queries.ts";
import { parameterSet } from "./parameter-set.ts";
import { sessionsEnd } from "./sessions-end.ts";
import { modelCompare } from "./model-compare.ts";
import { modelLoadCheck } from "./model-load-check.ts";
import { modelServedCheck } from "./model-served-check.ts";
import { modelVersionSet } from "./model-version-set.ts";
import { nodesJoined } from "./nodes-joined.ts";
import { podsCheck } from "./pods-check.ts";
import { podsRestart } from "./pods-restart.ts";
import { probeChanges } from "./probe-changes.ts";
import { probeDatabase } from "./probe-database.ts";
import { probeEndpoints } from "./probe-endpoints.ts";
import { probeEvents } from "./probe-events.ts";
import { probeLogs } from "./probe-logs.ts";
import { probeMetrics } from "./probe-metrics.ts";
import { probeModel } from "./probe-model.ts";
import { probeNodes } from "./probe-nodes.ts";
import { probePods } from "./probe-pods.ts";
import { probeSessions } from "./probe-sessions.ts";
import { probeThrottling } from "./probe-throttling.ts";
import { probeUsage } from "./probe-usage.ts";
import { reportCheck } from "./report-check.ts";
import { rolloutRestart } from "./rollout-restart.ts";
import { rolloutUndo } from "./rollout-undo.ts";
import { rolloutWait } from "./rollout-wait.ts";
import { scale } from "./scale.ts";
import { servicesCheck } from "./services-check.ts";
import { systemStatus } from "./system-status.ts";
import { templateRestore } from "./template-restore.ts";
import { tlsCheck } from "./tls-check.ts";
import { waitUntil } from "./wait-until.ts";
import { workloadWait } from "./workload-wait.ts";
import { writersStart } from "./writers-start.ts";
import { writersStop } from "./writers-stop.ts";

/** The catalogue: everything a step of a playbook may name. */
export const actions: readonly Action[] = [
  rolloutUndo,
  templateRestore,
  rolloutRestart,
  podsRestart,
  scale,
  limits,
  rolloutWait,
  manifestApply,
  manifestRestore,
  workloadWait,
  ingressCheck,
  httpCheck,
  metricsCheck,
  jobRun,
  parameterSet,
  configCheck,
  cacheCheck,
  probeQueries,
  sessionsEnd,
  modelVersionSet,
  modelServedCheck,
  modelLoadCheck,
  modelCompare,
  reportCheck,
  tlsCheck,
  podsCheck,
  servicesCheck,
  incidentCheck,
  incidentFact,
  evidenceCollect,
  quarantine,
  quarantineLift,
  cronSuspend,
  revokeTokens,
  cordon,
  uncordon,
  drain,
  systemStatus,
  clusterCheck,
  nodesJoined,
  isolationCheck,
  entranceCheck,
  backupCheck,
  backupFiles,
  databaseBackup,
  databaseSave,
  databaseLoad,
  databaseCompare,
  writersStop,
  databaseSwap,
  writersStart,
  databaseDiscard,
  databaseRows,
  readyCheck,
  figuresCheck,
  evidenceCheck,
  preflightRequired,
  dashboardCheck,
  alertsCheck,
  errorsCheck,
  trendCheck,
  reviewsCheck,
  allPassed,
  probePods,
  probeEvents,
  probeLogs,
  probeUsage,
  probeNodes,
  probeMetrics,
  probeThrottling,
  probeEndpoints,
  probeDatabase,
  probeSessions,
  probeModel,
  probeChanges,
  findings,
  ask,
  checklist,
  approval,
  waitUntil,
];

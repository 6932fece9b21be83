import { child, items, textOr } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { KubeObject } from "../object.ts";
import { ageColumn, column, count, nameColumn, since, specOf, statusOf, wide } from "./columns.ts";
import type { Column } from "./columns.ts";

interface PodSummary {
  ready: number;
  reason: string;
  restarts: number;
  lastRestart: string | undefined;
}

export const podColumns: Column[] = [
  nameColumn,
  column("Ready", (pod) => `${summary(pod).ready}/${items(specOf(pod), "containers").length}`),
  column("Status", (pod) => summary(pod).reason),
  column("Restarts", (pod, now) => {
    const { restarts, lastRestart } = summary(pod);
    return restarts > 0 && lastRestart ? `${restarts} (${since(lastRestart, now)} ago)` : String(restarts);
  }),
  ageColumn,
  wide("IP", (pod) => textOr(items(statusOf(pod), "podIPs")[0]?.["ip"] ?? statusOf(pod)["podIP"], "<none>")),
  wide("Node", (pod) => textOr(specOf(pod)["nodeName"], "<none>")),
  wide("Nominated Node", (pod) => textOr(statusOf(pod)["nominatedNodeName"], "<none>")),
  wide("Readiness Gates", readinessGates),
];

/** What the Status column says: the phase, unless a container or a deletion has more to tell. */
function summary(pod: KubeObject): PodSummary {
  const status = statusOf(pod);
  const init = initialization(pod);
  const result: PodSummary = {
    ready: 0,
    reason: textOr(status["reason"], textOr(status["phase"], "")),
    ...init,
  };
  if (!init.reason || hasCondition(status, "Initialized")) addContainers(result, status);
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp && status["reason"] === "NodeLost") result.reason = "Unknown";
  else if (deletionTimestamp && !["Succeeded", "Failed"].includes(String(status["phase"])))
    result.reason = "Terminating";
  return result;
}

function initialization(pod: KubeObject): Omit<PodSummary, "ready" | "reason"> & { reason?: string } {
  const statuses = items(statusOf(pod), "initContainerStatuses");
  const total = items(specOf(pod), "initContainers").length;
  const restarts = statuses.reduce((sum, one) => sum + count(one["restartCount"]), 0);
  const lastRestart = latest(statuses);
  const pending = statuses.findIndex((one) => terminated(one)?.["exitCode"] !== 0);
  const current = statuses[pending];
  if (!current) return { restarts, lastRestart };
  return { restarts, lastRestart, reason: initReason(current, pending, total) };
}

function initReason(status: Fields, index: number, total: number): string {
  const ended = terminated(status);
  if (ended) return `Init:${endReason(ended)}`;
  const waiting = textOr(child(child(status, "state"), "waiting")?.["reason"], "");
  return waiting && waiting !== "PodInitializing" ? `Init:${waiting}` : `Init:${index}/${total}`;
}

function addContainers(result: PodSummary, status: Fields): void {
  const statuses = items(status, "containerStatuses");
  let running = false;
  for (const one of statuses.toReversed()) {
    const waiting = textOr(child(child(one, "state"), "waiting")?.["reason"], "");
    const ended = terminated(one);
    if (waiting) {
      result.reason = waiting;
    } else if (ended) {
      result.reason = endReason(ended);
    } else if (one["ready"] === true) {
      running = true;
      result.ready += 1;
    }
  }
  result.restarts = statuses.reduce((sum, one) => sum + count(one["restartCount"]), 0);
  result.lastRestart = latest(statuses) ?? result.lastRestart;
  if (result.reason === "Completed" && running) {
    result.reason = hasCondition(status, "Ready") ? "Running" : "NotReady";
  }
}

function endReason(ended: Fields): string {
  const signal = count(ended["signal"]);
  const number = signal === 0 ? `ExitCode:${count(ended["exitCode"])}` : `Signal:${signal}`;
  return textOr(ended["reason"], number);
}

function terminated(status: Fields): Fields | undefined {
  return child(child(status, "state"), "terminated");
}

function latest(statuses: Fields[]): string | undefined {
  const times = statuses.map((one) => child(child(one, "lastState"), "terminated")?.["finishedAt"]);
  return times
    .filter((time) => typeof time === "string")
    .sort()
    .at(-1);
}

function hasCondition(status: Fields, type: string): boolean {
  return items(status, "conditions").some((one) => one["type"] === type && one["status"] === "True");
}

function readinessGates(pod: KubeObject): string {
  const gates = items(specOf(pod), "readinessGates");
  if (gates.length === 0) return "<none>";
  const met = gates.filter((gate) => hasCondition(statusOf(pod), String(gate["conditionType"])));
  return `${met.length}/${gates.length}`;
}

import { nodeNames } from "../cluster/seed/nodes.ts";
import type { Labels } from "./series.ts";
import { noise } from "./traffic.ts";

/** What Prometheus knows of the system beside its traffic, at one moment. */
interface Figure {
  name: SystemMetric;
  labels?: Labels;
  value: number;
}

/** What each is, for `/prom/metrics`. Names are those of deploy/monitoring's rules. */
export const systemMetrics = {
  model_accuracy: { type: "gauge", help: "Share of decisions that turned out right, 0 to 1." },
  model_auc_roc: { type: "gauge", help: "Area under the ROC curve of its decisions, 0 to 1." },
  model_drift_score: { type: "gauge", help: "How far the input is from what the model was trained with." },
  bias_metric_difference: { type: "gauge", help: "Difference in approvals between groups, 0 to 1." },
  bias_metric_violation: { type: "gauge", help: "1 while an attribute is outside its threshold." },
  energy_consumption_watts: { type: "gauge", help: "Power drawn by the system." },
  carbon_emissions_kg_per_hour: { type: "gauge", help: "CO2 equivalent emitted by the system." },
  node_filesystem_size_bytes: { type: "gauge", help: "Size of a node's disk." },
  node_filesystem_avail_bytes: { type: "gauge", help: "What is free of it." },
} as const;
type SystemMetric = keyof typeof systemMetrics;

/** Share of its disk that a node has used. */
const diskUsed = 0.6;
const diskBytes = 500 * 1024 ** 3;
/** Difference in approvals between groups, by protected attribute; above the threshold is a violation. */
const differences = { age: 0.031, gender: 0.022, ethnicity: 0.038 } as const;
const fair = 0.1;

const idleWatts = 420;
const wattsPerCore = 260;
const kilogramsPerKilowattHour = 0.38;

/** Figures of the model and of the machines: they follow the CPU that is used, and move as real ones do. */
export function systemFigures(cpuCores: number, tick: number, accuracy: number): Figure[] {
  const wave = (phase: number): number => 1 + 0.02 * noise(tick / 8, phase);
  const model = { model: "ensemble", app: "api" };
  const watts = (idleWatts + wattsPerCore * cpuCores) * wave(5);
  return [
    { name: "model_accuracy", labels: model, value: accuracy + 0.004 * noise(tick / 8, 1) },
    { name: "model_auc_roc", labels: model, value: 0.893 + 0.003 * noise(tick / 8, 3) },
    { name: "model_drift_score", labels: model, value: 0.042 * wave(2) },
    ...Object.entries(differences).flatMap(([attribute, difference], index): Figure[] => {
      const labels = { ...model, attribute };
      const value = difference * wave(index);
      return [
        { name: "bias_metric_difference", labels, value },
        { name: "bias_metric_violation", labels, value: Number(value > fair) },
      ];
    }),
    { name: "energy_consumption_watts", value: watts },
    { name: "carbon_emissions_kg_per_hour", value: (watts / 1000) * kilogramsPerKilowattHour },
    ...nodeNames.flatMap((instance, index): Figure[] => [
      { name: "node_filesystem_size_bytes", labels: { instance }, value: diskBytes },
      {
        name: "node_filesystem_avail_bytes",
        labels: { instance },
        value: Math.round(diskBytes * (1 - diskUsed * wave(index))),
      },
    ]),
  ];
}

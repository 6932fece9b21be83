import { z } from "zod";
import { AppDatabase } from "./app-database.ts";
import { Diagnosis } from "./diagnosis.ts";
import { ModelSettings } from "./model.ts";
import { Parameter } from "./parameter.ts";

/** Kinds of workload a rollout verb understands, by the plural that paths and kubectl use. */
export const workloadKinds = {
  deployment: { kind: "Deployment", plural: "deployments" },
  statefulset: { kind: "StatefulSet", plural: "statefulsets" },
  daemonset: { kind: "DaemonSet", plural: "daemonsets" },
} as const;
export type WorkloadKind = keyof typeof workloadKinds;

/** DNS-1123 label: the only names that reach a Kubernetes path. */
const DnsLabel = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a DNS-1123 name");

/** The one workload an app is in one environment. */
export const Target = z.strictObject({
  cluster: z.string(),
  namespace: DnsLabel,
  kind: z.enum(Object.keys(workloadKinds) as [WorkloadKind, ...WorkloadKind[]]),
  name: DnsLabel,
});
export type Target = z.infer<typeof Target>;

/** What locks and health records are keyed by: `cluster/namespace/kind/name`. */
export function targetKey(target: Target): string {
  return `${target.cluster}/${target.namespace}/${target.kind}/${target.name}`;
}

/** A metric of an app as PromQL, with the bound below (or above) which the app counts as well. */
export const Metric = z.strictObject({
  title: z.string().describe("the name people use"),
  query: z.string().describe("PromQL with one result"),
  unit: z
    .enum(["ratio", "seconds", "perSecond", "count", "bytesPerSecond", "watts", "kilogramsPerHour"])
    .describe("how the value is written for people"),
  below: z.number().optional().describe("the app is well while the value is below this"),
  above: z.number().optional().describe("the app is well while the value is above this"),
  verifies: z
    .boolean()
    .optional()
    .describe(
      "whether it decides if a change helped; default: when it has `below` (a quiet night fails any lower bound)",
    ),
});
export type Metric = z.infer<typeof Metric>;

export const Environment = z.strictObject({
  cluster: z.string().describe("a name under `clusters`"),
  namespace: DnsLabel.describe("where the workload is"),
  workload: z
    .string()
    .regex(
      /^(deployment|statefulset|daemonset)\/[a-z0-9][-a-z0-9.]*$/,
      "`deployment/<name>`, `statefulset/<name>` or `daemonset/<name>`",
    )
    .describe("`deployment/<name>`, `statefulset/<name>` or `daemonset/<name>`"),
  container: DnsLabel.optional().describe("the container whose image names the release; default: the first"),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("where users reach it, for Jobs that test it; default: the origin of its first health URL"),
  health: z
    .array(z.url({ protocol: /^https?$/ }))
    .default([])
    .describe("URLs that answer 2xx when the app is well"),
});
export type Environment = z.infer<typeof Environment>;

/** The thing that breaks: owns one target per environment. */
export const App = z.strictObject({
  title: z.string().describe("the name people use"),
  owner: z.string().describe("the team that answers for it"),
  channel: z.string().optional().describe("Slack channel ID for warnings about this app"),
  alerts: z
    .array(z.record(z.string(), z.string()))
    .default([])
    .describe("an alert belongs to this app when all labels of one entry match"),
  pagerdutyService: z.string().optional().describe("PagerDuty service ID (P…)"),
  onCall: z
    .array(z.string())
    .default([])
    .describe("PagerDuty schedule IDs of the people on call for this app"),
  docs: z.record(z.string(), z.url()).default({}).describe("links, by what they are"),
  metrics: z
    .record(z.string(), Metric)
    .default({})
    .describe("what decides after a change whether the app is well: at least one with a bound"),
  requests: z.string().optional().describe("PromQL for the number of requests in the verification window"),
  diagnose: Diagnosis.optional().describe("what `/crai diagnose` looks at beside the cluster"),
  database: AppDatabase.optional().describe(
    "of an app that is a PostgreSQL: its database and its backups, for `/crai backups` and `/crai restore-database`",
  ),
  parameters: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "lower-case letters, digits and -"), Parameter)
    .optional()
    .describe("values in ConfigMaps that people may change through crai, by the name they type"),
  model: ModelSettings.optional().describe("the model that it serves, in an MLflow registry"),
  environments: z.record(z.string(), Environment).describe("where it runs: one workload in each"),
});
export type App = z.infer<typeof App>;

export function targetOf(environment: Environment): Target {
  const [kind, name] = environment.workload.split("/") as [WorkloadKind, string];
  return { cluster: environment.cluster, namespace: environment.namespace, kind, name };
}

/** The metrics that say whether an app is well: a lower bound such as requests per second does not by itself. */
export function verifyingMetrics(app: Pick<App, "metrics">): Metric[] {
  return Object.values(app.metrics).filter(
    ({ verifies, below, above }) => (below ?? above) !== undefined && (verifies ?? below !== undefined),
  );
}

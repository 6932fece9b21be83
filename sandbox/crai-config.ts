import { join } from "node:path";
import { stringify } from "yaml";
import { type PracticeApp, practiceApps } from "./apps/practice-apps.ts";
import { practiceJobs } from "./apps/practice-jobs.ts";
import { dashboardsOf } from "./dashboards.ts";
import {
  alertmanagerToken,
  cluster,
  grafanaToken,
  model,
  pager,
  people,
  type Person,
  slack,
} from "./seed.ts";

/** How fast things go in the sandbox's crai.yaml; durations as crai writes them. */
export interface Pace {
  approval: string;
  breakGlass: string;
  settle: string;
  window: string;
  healthy: string;
  observe: string;
  /** Range of every rate in PromQL: short, so that a cure shows soon. */
  rate: string;
}

export const sandboxPace: Pace = {
  approval: "10m",
  breakGlass: "120s",
  settle: "6s",
  window: "6s",
  healthy: "15s",
  observe: "2s",
  rate: "5s",
};

/** The metrics of an app that serves HTTP, under the runbook's targets. */
function metricsOf(app: PracticeApp, pace: Pace) {
  const labels = `namespace="${cluster.namespace}",app="${app.name}"`;
  const requests = (more = "") => `sum(rate(http_requests_total{${labels}${more}}[${pace.rate}]))`;
  const buckets = `sum by (le) (rate(http_request_duration_seconds_bucket{${labels}}[${pace.rate}]))`;
  return {
    errorRate: {
      title: "Error rate",
      query: `${requests(',code=~"5.."')} / ${requests()}`,
      unit: "ratio",
      below: 0.01,
    },
    latencyP95: {
      title: "Latency P95",
      query: `histogram_quantile(0.95, ${buckets})`,
      unit: "seconds",
      below: 0.2,
    },
    requestRate: { title: "Request rate", query: requests(), unit: "perSecond", above: 100 },
  };
}

/** What the API needs, and where its model tells of itself, under the runbook's targets. */
function diagnosisOf(app: PracticeApp, origin: string, pace: Pace) {
  const labels = `namespace="${cluster.namespace}",app="${app.name}"`;
  const periods = (name: string) => `sum(rate(${name}{${labels}}[${pace.rate}]))`;
  return {
    database: { app: "postgres", service: "postgres-service", name: "credit_risk_ai" },
    cache: { app: "redis" },
    configuration: {
      "api-config": ["LOG_FORMAT", "MODEL_NAME", "REDIS_URL", "FAIRNESS_WEIGHT", "PREDICTION_CACHE"],
    },
    endpoints: `histogram_quantile(0.95, sum by (app, le) (rate(http_request_duration_seconds_bucket{${labels}}[${pace.rate}])))`,
    throttling: `${periods("container_cpu_cfs_throttled_periods_total")} / ${periods("container_cpu_cfs_periods_total")}`,
    model: {
      url: `${origin}/apps/${app.name}/models/ensemble/metrics`,
      metrics: [
        { title: "Accuracy", path: "metrics.accuracy", above: 0.85 },
        { title: "AUC-ROC", path: "metrics.auc_roc", above: 0.85 },
        { title: "Demographic parity", path: "metrics.demographic_parity", below: 0.1 },
      ],
    },
  };
}

/** Its backups are on a share that the database's pod mounts. */
const practiceDatabase = {
  name: "credit_risk_ai",
  backups: "/backups",
  writers: ["api", "federated"],
  rows: { applications: "received_at", predictions: "made_at" },
};

const apiParameters = {
  "fairness-weight": {
    title: "Weight of fairness",
    purpose: "bias",
    configMap: "api-config",
    key: "FAIRNESS_WEIGHT",
    min: 0,
    max: 1,
  },
  "prediction-cache": {
    title: "Cache of predictions",
    purpose: "caching",
    configMap: "api-config",
    key: "PREDICTION_CACHE",
    values: { on: "redis", off: "none" },
  },
};

/** Where the API's model is kept; the figures that versions are held to are the defaults. */
function modelOf(origin: string) {
  return {
    registry: `${origin}/mlflow`,
    ...model,
    served: { url: `${origin}/apps/api/models/ensemble/metrics`, path: "version" },
  };
}

function appOf(app: PracticeApp, origin: string, pace: Pace) {
  const labels = `namespace="${cluster.namespace}",app="${app.name}"`;
  return {
    title: app.title,
    owner: app.owner,
    ...(app.name === "api" ? { channel: "C0API" } : {}),
    alerts: [{ app: app.name, namespace: cluster.namespace }],
    pagerdutyService: app.pagerdutyService,
    onCall: [app.onCall],
    docs: { runbook: `https://docs.credit-risk-ai.example.com/${app.name}` },
    ...(app.http
      ? {
          metrics: metricsOf(app, pace),
          requests: `sum(increase(http_requests_total{${labels}}[${pace.rate}]))`,
        }
      : {}),
    ...(app.name === "postgres" && { database: practiceDatabase }),
    ...(app.name === "api" && {
      diagnose: diagnosisOf(app, origin, pace),
      model: modelOf(origin),
      parameters: apiParameters,
    }),
    environments: {
      prod: {
        cluster: cluster.name,
        namespace: cluster.namespace,
        workload: app.workload,
        container: app.container,
        ...(app.http
          ? {
              url: `https://${app.name}.credit-risk-ai.example.com`,
              health: [`${origin}/apps/${app.name}/health`, `${origin}/apps/${app.name}/ready`],
            }
          : {}),
      },
    },
  };
}

const responder = [
  "incident:*",
  "timeline:*",
  "workload:*",
  "rollout:*",
  "manifest:apply",
  "plan:approve",
  "run:*",
  "job:run",
  "evidence:collect",
  "app:contain",
  "model:promote",
  "parameter:set",
  "crai:inspect",
];

/**
 * The crai.yaml of the practice organization.
 * @param origin of the sandbox, e.g. http://localhost:3000
 * @param practice the context of crai's kubeconfig, where its metrics are, and its public name's TLS server
 */
export function craiConfig(
  origin: string,
  pace: Pace,
  practice: { context: string; prometheus: string; tls?: { port: number; ca: string } },
): string {
  const { tls, ...reach } = practice;
  const machines = cluster.machines;
  const everybody = Object.values<Person>(people);
  const config = {
    slack: { command: slack.command, announce: "C0INCIDENTS" },
    clusters: { [cluster.name]: reach },
    apps: Object.fromEntries(practiceApps.map((app) => [app.name, appOf(app, origin, pace)])),
    access: {
      roles: {
        responder: { members: ["S0SRE"] },
        lead: { members: ["S0LEADS"] },
        oncall: { onCall: [pager.schedule.id] },
        // What an alert or a schedule may start by itself: looking, and nothing else.
        watch: { members: ["alert:alertmanager", "alert:grafana", "schedule:maintenance"] },
        // Whose word counts for what crai cannot see before a release.
        security: { members: [people.alex.slack] },
        compliance: { members: [people.alex.slack] },
        "ml-engineering": { members: [people.sasha.slack] },
      },
      rules: [
        { roles: ["responder"], allow: responder },
        { roles: ["oncall"], allow: [...responder, "glass:break", "lock:take"] },
        { roles: ["lead"], allow: ["*"] },
        { roles: ["watch"], allow: ["workload:read"] },
      ],
      identities: {
        ...Object.fromEntries(everybody.map((person) => [person.slack, person.kubernetes])),
        "alert:alertmanager": machines.alert,
        "alert:pagerduty": machines.alert,
        "alert:grafana": machines.alert,
        "schedule:maintenance": machines.schedule,
        observer: machines.observer,
      },
    },
    docs: {
      "API Documentation": "https://docs.credit-risk-ai.example.com/api",
      "Architecture Guide": "https://docs.credit-risk-ai.example.com/architecture",
      "Security Policies": "https://docs.credit-risk-ai.example.com/security",
      "Compliance Guide": "https://docs.credit-risk-ai.example.com/compliance",
    },
    confidential: { members: ["S0LEADS"] },
    jobs: practiceJobs,
    ...(tls && { domains: [{ name: "api.credit-risk-ai.example.com", connect: "127.0.0.1", ...tls }] }),
    manifests: { directory: join(import.meta.dirname, "manifests"), follow: ["api", "federated"] },
    dashboards: dashboardsOf(pace.rate),
    preflight: {
      required: ["prod"],
      workloads: {
        prometheus: { namespace: "monitoring", workload: "statefulset/prometheus" },
        ...Object.fromEntries(
          Object.entries({ grafana: "grafana", jaeger: "jaeger", logging: "loki" }).map(
            ([name, workload]) => [name, { namespace: "monitoring", workload: `deployment/${workload}` }],
          ),
        ),
      },
      evidence: `${origin}/ci/releases`,
      attest: {
        "database-credentials": "security",
        rbac: "security",
        vault: "security",
        explainability: "ml-engineering",
        compliance: "compliance",
      },
      figures: {
        auc: { query: "min(model_auc_roc)", atLeast: 0.85 },
        bias: { query: "max(bias_metric_violation)", atMost: 0 },
        accuracy: { query: "min(model_accuracy)", atLeast: 0.8 },
        energy: { query: "sum(energy_consumption_watts)", atMost: 2000 },
      },
    },
    teams: {
      SRE: { channel: "C0API", lead: people.alex.slack },
      "DevOps Team": { channel: "C0API", lead: people.alex.slack },
      "Security Team": { lead: people.alex.slack },
      "ML Engineering": { lead: people.alex.slack },
    },
    contacts: {
      SRE: { email: "sre@credit-risk-ai.example.com", slack: "S0SRE" },
      "DevOps Team": "devops@credit-risk-ai.example.com",
      "ML Engineering": { email: "ml-eng@credit-risk-ai.example.com", schedule: "PSCHDATA" },
      "Security Team": { email: "security@credit-risk-ai.example.com", slack: "S0LEADS" },
      "Compliance Team": "compliance@credit-risk-ai.example.com",
      "Legal Counsel": "legal@credit-risk-ai.example.com",
      // Sasha has no PagerDuty account: called in Slack, and by phone.
      "Second line": { phone: "+49 30 901820", slack: people.sasha.slack },
    },
    escalation: [
      { title: "Primary on-call", schedule: "app", contact: "SRE" },
      { title: "Secondary on-call", contact: "Second line" },
      { title: "Escalation manager", schedule: pager.managers.id, contact: "Security Team" },
    ],
    invitations: { security: ["Security Team"], breach: ["Security Team", "Legal Counsel"] },
    deadlines: {
      approval: pace.approval,
      breakGlass: pace.breakGlass,
      settle: pace.settle,
      window: pace.window,
      healthy: pace.healthy,
      observe: pace.observe,
    },
  };
  const note = "# Written by the sandbox at each start: edits are lost.\n";
  return note + stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** A kubeconfig with crai's own service account (`practice`) and one context for each person. */
export function kubeconfig(origin: string): string {
  const accounts = [
    { name: cluster.name, token: cluster.bot.token },
    ...Object.entries<Person>(people).map(([name, { token }]) => ({ name, token })),
  ];
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    // Plain http is refused by Kubernetes clients unless the certificate check is off.
    clusters: [
      { name: cluster.name, cluster: { server: `${origin}/k8s`, "insecure-skip-tls-verify": true } },
    ],
    users: accounts.map(({ name, token }) => ({ name, user: { token } })),
    contexts: accounts.map(({ name }) => ({
      name,
      context: { cluster: cluster.name, user: name, namespace: cluster.namespace },
    })),
    "current-context": cluster.name,
  });
}

/** What `node src/main.ts` needs in its environment to run against the sandbox. */
export function craiEnvironment(origin: string, folder: string, port: number): Record<string, string> {
  return {
    CRAI_CONFIG: `${folder}/crai.yaml`,
    CRAI_DATA_DIR: `${folder}/crai`,
    KUBECONFIG: `${folder}/kubeconfig`,
    HOST: "127.0.0.1",
    PORT: String(port),
    SLACK_BOT_TOKEN: slack.bot.token,
    SLACK_APP_TOKEN: slack.bot.appToken,
    SLACK_SIGNING_SECRET: slack.signingSecret,
    SLACK_API_URL: `${origin}/slack/api/`,
    PAGERDUTY_TOKEN: pager.apiToken,
    PAGERDUTY_API_URL: `${origin}/pager`,
    PAGERDUTY_WEBHOOK_SECRETS: pager.webhookSecret,
    ALERTMANAGER_TOKEN: alertmanagerToken,
    GRAFANA_TOKEN: grafanaToken,
  };
}

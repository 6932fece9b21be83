/** The five apps of the runbook's system, as metrics, alerts and the generated crai.yaml know them. */
export interface PracticeApp {
  name: string;
  title: string;
  owner: string;
  /** `deployment/<name>` in the namespace of the system. */
  workload: string;
  container: string;
  /** Whether it serves HTTP: only then has it an error rate, a latency and health URLs. */
  http: boolean;
  pagerdutyService: string;
  onCall: string;
}

export const practiceApps: readonly PracticeApp[] = [
  {
    name: "api",
    title: "Credit risk API",
    owner: "SRE",
    workload: "deployment/api-deployment",
    container: "api",
    http: true,
    pagerdutyService: "PSVCAPI",
    onCall: "PSCHAPI",
  },
  {
    name: "federated",
    title: "Federated learning server",
    owner: "ML Engineering",
    workload: "deployment/federated-server-deployment",
    container: "federated-server",
    http: true,
    pagerdutyService: "PSVCFED",
    onCall: "PSCHAPI",
  },
  {
    name: "mlflow",
    title: "MLflow",
    owner: "ML Engineering",
    workload: "deployment/mlflow-deployment",
    container: "mlflow",
    http: true,
    pagerdutyService: "PSVCMLF",
    onCall: "PSCHAPI",
  },
  {
    name: "postgres",
    title: "PostgreSQL",
    owner: "DevOps Team",
    workload: "deployment/postgres-deployment",
    container: "postgres",
    http: false,
    pagerdutyService: "PSVCDATA",
    onCall: "PSCHDATA",
  },
  {
    name: "redis",
    title: "Redis",
    owner: "DevOps Team",
    workload: "deployment/redis-deployment",
    container: "redis",
    http: false,
    pagerdutyService: "PSVCDATA",
    onCall: "PSCHDATA",
  },
];

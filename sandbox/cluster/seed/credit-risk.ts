import { cluster } from "../../seed.ts";
import { ingressAddress } from "../controllers/ingress.ts";
import type { Container, PodTemplate } from "../controllers/objects.ts";
import type { KubeObject } from "../object.ts";
import type { WorkloadSeed } from "./history.ts";

const { namespace, image, goodTag, previousGoodTag } = cluster;

/** Pods of the system are reached from within it, by the ingress controller and by Prometheus. */
const isolation: { plural: string; object: KubeObject } = {
  plural: "networkpolicies",
  object: {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "credit-risk-isolation", namespace },
    spec: {
      podSelector: {},
      policyTypes: ["Ingress"],
      ingress: [
        { from: [{ podSelector: {} }] },
        {
          from: ["ingress-nginx", "monitoring"].map((from) => ({
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": from } },
          })),
        },
      ],
    },
  },
};

/** The runbook's system under the runbook's own names. */
export const creditRiskConfig: { plural: string; object: KubeObject }[] = [
  configMap("api-config", {
    LOG_FORMAT: "json",
    MODEL_NAME: "credit-risk-ensemble",
    "model-version": "2024.01",
    FAIRNESS_WEIGHT: "0.3",
    PREDICTION_CACHE: "none",
    REDIS_URL: "redis://redis-service:6379/0",
  }),
  configMap("federated-config", { MIN_CLIENTS: "3", ROUNDS: "10" }),
  secret("api-keys", { JWT_SECRET: "practice-only-jwt" }),
  secret("credit-risk-tls", { "tls.crt": "practice-only-certificate", "tls.key": "practice-only-key" }),
  secret("postgres-credentials", { password: "practice-only-password", username: "postgres" }),
  ...[
    { name: "api-service", app: "api", port: 80, targetPort: 8000 },
    { name: "federated-server-service", app: "federated-server", port: 8080, targetPort: 8080 },
    { name: "postgres-service", app: "postgres", port: 5432, targetPort: 5432 },
    { name: "redis-service", app: "redis", port: 6379, targetPort: 6379 },
    { name: "mlflow-service", app: "mlflow", port: 5000, targetPort: 5000 },
  ].map(service),
  isolation,
  {
    plural: "ingresses",
    object: {
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "credit-risk-ingress", namespace },
      spec: {
        ingressClassName: "nginx",
        tls: [{ hosts: ["api.credit-risk-ai.example.com"], secretName: "credit-risk-tls" }],
        rules: [
          {
            host: "api.credit-risk-ai.example.com",
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name: "api-service", port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
      status: { loadBalancer: { ingress: [{ ip: ingressAddress }] } },
    },
  },
];

export const creditRiskWorkloads: WorkloadSeed[] = [
  {
    kind: "Deployment",
    name: "api-deployment",
    namespace,
    app: "api",
    replicas: 3,
    // Short, so that a release that never becomes ready is given up within a minute of practice.
    spec: { progressDeadlineSeconds: 60 },
    releases: [
      {
        daysAgo: 41,
        cause: "Release v1.1.7: SHAP explanations for rejected applications",
        template: api("v1.1.7"),
      },
      { daysAgo: 19, cause: "Release v1.1.8: connection pool to PostgreSQL", template: api(previousGoodTag) },
      { daysAgo: 6, cause: `Release ${goodTag}: recalibrated fairness thresholds`, template: api(goodTag) },
    ],
  },
  {
    kind: "Deployment",
    name: "federated-server-deployment",
    namespace,
    app: "federated-server",
    replicas: 1,
    releases: [
      { daysAgo: 19, cause: `Release ${previousGoodTag}`, template: federated(previousGoodTag) },
      { daysAgo: 6, cause: `Release ${goodTag}`, template: federated(goodTag) },
    ],
  },
  {
    kind: "Deployment",
    name: "postgres-deployment",
    namespace,
    app: "postgres",
    replicas: 1,
    spec: { strategy: { type: "Recreate" } },
    releases: [{ daysAgo: 41, template: postgres() }],
  },
  {
    kind: "Deployment",
    name: "redis-deployment",
    namespace,
    app: "redis",
    replicas: 1,
    releases: [
      { daysAgo: 41, template: template("redis", { name: "redis", image: "redis:7.2.4", ...ports(6379) }) },
    ],
  },
  {
    kind: "Deployment",
    name: "mlflow-deployment",
    namespace,
    app: "mlflow",
    replicas: 1,
    releases: [
      { daysAgo: 41, template: mlflow("v2.10.0") },
      { daysAgo: 27, template: mlflow("v2.10.2") },
    ],
  },
];

function api(tag: string): PodTemplate {
  return template("api", {
    name: "api",
    image: `${image}:${tag}`,
    ...ports(8000),
    env: [
      { name: "LOG_LEVEL", value: "info" },
      { name: "MODEL_VERSION", valueFrom: { configMapKeyRef: { name: "api-config", key: "model-version" } } },
      {
        name: "DATABASE_PASSWORD",
        valueFrom: { secretKeyRef: { name: "postgres-credentials", key: "password" } },
      },
    ],
    envFrom: [{ configMapRef: { name: "api-config" } }, { secretRef: { name: "api-keys" } }],
    readinessProbe: { httpGet: { path: "/ready", port: 8000 }, periodSeconds: 5 },
    livenessProbe: { httpGet: { path: "/health", port: 8000 }, initialDelaySeconds: 30 },
    resources: { limits: { cpu: "2", memory: "4Gi" }, requests: { cpu: "500m", memory: "1Gi" } },
  });
}

function federated(tag: string): PodTemplate {
  return template("federated-server", {
    name: "federated-server",
    image: `${image}:${tag}`,
    command: ["python", "-m", "credit_risk.federated.server"],
    ...ports(8080),
    envFrom: [{ configMapRef: { name: "federated-config" } }],
    readinessProbe: { httpGet: { path: "/ready", port: 8080 } },
    resources: { requests: { cpu: "1", memory: "2Gi" } },
  });
}

function postgres(): PodTemplate {
  const made = template("postgres", {
    name: "postgres",
    image: "postgres:15.6",
    ...ports(5432),
    env: [
      { name: "POSTGRES_DB", value: "credit_risk_ai" },
      {
        name: "POSTGRES_USER",
        valueFrom: { secretKeyRef: { name: "postgres-credentials", key: "username" } },
      },
      {
        name: "POSTGRES_PASSWORD",
        valueFrom: { secretKeyRef: { name: "postgres-credentials", key: "password" } },
      },
    ],
    readinessProbe: { exec: { command: ["pg_isready", "-U", "postgres"] } },
    resources: { requests: { cpu: "1", memory: "4Gi" } },
    volumeMounts: [{ name: "backups", mountPath: "/backups" }],
  });
  made.spec.volumes = [{ name: "backups", nfs: { server: "backups.internal", path: cluster.backupShare } }];
  return made;
}

function mlflow(tag: string): PodTemplate {
  const command = ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000"];
  return template("mlflow", {
    name: "mlflow",
    image: `ghcr.io/mlflow/mlflow:${tag}`,
    command,
    ...ports(5000),
  });
}

export function template(app: string, container: Container): PodTemplate {
  return { metadata: { labels: { app } }, spec: { containers: [container] } };
}

export function ports(containerPort: number): Pick<Container, "ports"> {
  return { ports: [{ containerPort, protocol: "TCP" }] };
}

function configMap(name: string, data: Record<string, string>): { plural: string; object: KubeObject } {
  return {
    plural: "configmaps",
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data },
  };
}

function secret(name: string, stringData: Record<string, string>): { plural: string; object: KubeObject } {
  return {
    plural: "secrets",
    object: { apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, stringData },
  };
}

function service(
  { name, app, port, targetPort }: { name: string; app: string; port: number; targetPort: number },
  index: number,
): { plural: string; object: KubeObject } {
  const clusterIP = `10.96.0.${11 + index}`;
  const spec = { clusterIP, clusterIPs: [clusterIP], selector: { app }, ports: [{ port, targetPort }] };
  return {
    plural: "services",
    object: { apiVersion: "v1", kind: "Service", metadata: { name, namespace, labels: { app } }, spec },
  };
}

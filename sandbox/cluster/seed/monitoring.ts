import type { PodTemplate } from "../controllers/objects.ts";
import type { KubeObject } from "../object.ts";
import { ports, template } from "./credit-risk.ts";
import type { WorkloadSeed } from "./history.ts";

const namespace = "monitoring";

/** The monitoring stack the runbook deploys: a StatefulSet and a DaemonSet to practice on, dashboards, traces and logs. */
export const monitoringConfig: { plural: string; object: KubeObject }[] = [
  {
    plural: "configmaps",
    object: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "prometheus-config", namespace },
      data: { "prometheus.yml": "global:\n  scrape_interval: 15s\n" },
    },
  },
  {
    plural: "services",
    object: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "prometheus", namespace, labels: { app: "prometheus" } },
      spec: {
        clusterIP: "None",
        clusterIPs: ["None"],
        selector: { app: "prometheus" },
        ports: [{ name: "web", port: 9090 }],
      },
    },
  },
];

export const monitoringWorkloads: WorkloadSeed[] = [
  {
    kind: "StatefulSet",
    name: "prometheus",
    namespace,
    app: "prometheus",
    replicas: 2,
    spec: { serviceName: "prometheus" },
    releases: [
      { daysAgo: 41, template: prometheus("v2.48.1") },
      { daysAgo: 12, template: prometheus("v2.49.1") },
    ],
  },
  {
    kind: "Deployment",
    name: "grafana",
    namespace,
    app: "grafana",
    replicas: 1,
    releases: [{ daysAgo: 41, template: single("grafana", "docker.io/grafana/grafana:10.2.3", 3000) }],
  },
  {
    kind: "Deployment",
    name: "jaeger",
    namespace,
    app: "jaeger",
    replicas: 1,
    releases: [
      { daysAgo: 41, template: single("jaeger", "docker.io/jaegertracing/all-in-one:1.53.0", 16_686) },
    ],
  },
  {
    kind: "Deployment",
    name: "loki",
    namespace,
    app: "loki",
    replicas: 1,
    releases: [{ daysAgo: 41, template: single("loki", "docker.io/grafana/loki:2.9.4", 3100) }],
  },
  {
    kind: "DaemonSet",
    name: "node-exporter",
    namespace,
    app: "node-exporter",
    releases: [
      { daysAgo: 41, template: nodeExporter("v1.6.1") },
      { daysAgo: 33, template: nodeExporter("v1.7.0") },
    ],
  },
];

function prometheus(tag: string): PodTemplate {
  const made = template("prometheus", {
    name: "prometheus",
    image: `quay.io/prometheus/prometheus:${tag}`,
    args: ["--config.file=/etc/prometheus/prometheus.yml"],
    ...ports(9090),
    volumeMounts: [{ name: "config", mountPath: "/etc/prometheus" }],
    readinessProbe: { httpGet: { path: "/-/ready", port: 9090 } },
  });
  made.spec.volumes = [{ name: "config", configMap: { name: "prometheus-config" } }];
  return made;
}

function single(name: string, image: string, port: number): PodTemplate {
  return template(name, { name, image, ...ports(port) });
}

function nodeExporter(tag: string): PodTemplate {
  const image = `quay.io/prometheus/node-exporter:${tag}`;
  return template("node-exporter", { name: "node-exporter", image, ...ports(9100) });
}

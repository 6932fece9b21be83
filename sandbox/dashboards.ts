import { cluster } from "./seed.ts";

/**
 * The runbook's five dashboards, over what the practice Prometheus knows.
 * @param rate range of every rate in PromQL
 */
export function dashboardsOf(rate: string) {
  const namespace = `namespace="${cluster.namespace}"`;
  const api = `${namespace},app="api"`;
  const used = (name: string) => `sum(rate(${name}{${api}}[${rate}]))`;
  const limit = (resource: string) =>
    `sum(kube_pod_container_resource_limits{${api},resource="${resource}"})`;
  const decisions = (more = "") => `sum(rate(credit_decisions_total{${api}${more}}[${rate}]))`;
  const accuracy = {
    app: "api",
    title: "Model accuracy",
    query: `min(model_accuracy{${namespace}})`,
    unit: "ratio",
    above: 0.85,
  };
  return {
    overview: {
      title: "System overview",
      metrics: ["api/requestRate", "api/errorRate", "api/latencyP95"],
      panels: { accuracy },
    },
    infrastructure: {
      title: "Infrastructure",
      panels: {
        cpu: {
          app: "api",
          title: "CPU utilization",
          query: `${used("container_cpu_usage_seconds_total")} / ${limit("cpu")}`,
          unit: "ratio",
          below: 0.8,
        },
        memory: {
          app: "api",
          title: "Memory usage",
          query: `sum(container_memory_working_set_bytes{${api}}) / ${limit("memory")}`,
          unit: "ratio",
          below: 0.85,
        },
        disk: {
          title: "Disk usage, fullest node",
          query: "max(1 - node_filesystem_avail_bytes / node_filesystem_size_bytes)",
          unit: "ratio",
          below: 0.9,
        },
        received: {
          app: "api",
          title: "Network in",
          query: used("container_network_receive_bytes_total"),
          unit: "bytesPerSecond",
        },
        sent: {
          app: "api",
          title: "Network out",
          query: used("container_network_transmit_bytes_total"),
          unit: "bytesPerSecond",
        },
        restarts: {
          app: "api",
          title: "Pod restarts",
          query: `sum(increase(kube_pod_container_status_restarts_total{${api}}[${rate}]))`,
          unit: "count",
          below: 1,
        },
      },
    },
    model: {
      title: "Model performance",
      panels: {
        accuracy,
        drift: {
          app: "api",
          title: "Drift score",
          query: `max(model_drift_score{${namespace}})`,
          unit: "count",
          below: 0.1,
        },
        bias: {
          app: "api",
          title: "Bias violations",
          query: `sum(bias_metric_violation{${namespace}})`,
          unit: "count",
          below: 1,
        },
        fairness: {
          app: "api",
          title: "Largest difference between groups",
          query: `max(bias_metric_difference{${namespace}})`,
          unit: "ratio",
          below: 0.1,
        },
      },
    },
    sustainability: {
      title: "Sustainability",
      panels: {
        energy: {
          title: "Energy consumption",
          query: `sum(energy_consumption_watts{${namespace}})`,
          unit: "watts",
        },
        carbon: {
          title: "Carbon footprint (CO2e)",
          query: `sum(carbon_emissions_kg_per_hour{${namespace}})`,
          unit: "kilogramsPerHour",
          below: 5,
        },
      },
    },
    business: {
      title: "Business metrics",
      panels: {
        volume: { app: "api", title: "Prediction volume", query: decisions(), unit: "perSecond" },
        approvals: {
          app: "api",
          title: "Approval rate",
          query: `${decisions(',decision="approved"')} / ${decisions()}`,
          unit: "ratio",
        },
      },
    },
  };
}

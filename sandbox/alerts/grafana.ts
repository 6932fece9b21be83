import { common, fingerprint, type PostedAlert } from "./alert.ts";
import { post } from "./receivers.ts";

/** A Grafana with one webhook contact point; it keeps nothing. `values` are what its expressions gave. */
export function createGrafana(target: { url: string; token: string; origin: string }) {
  return {
    /** One notification about one alert, resolved when its `endsAt` is past. @returns how crai took it. */
    send(alert: PostedAlert, values: Record<string, number> = {}) {
      const resolved = alert.endsAt !== null && alert.endsAt <= Date.now();
      const name = alert.labels["alertname"] ?? "";
      const status = resolved ? "resolved" : "firing";
      const body = {
        receiver: "crai",
        status,
        orgId: 1,
        alerts: [
          {
            status,
            labels: alert.labels,
            annotations: alert.annotations,
            startsAt: new Date(alert.startsAt).toISOString(),
            endsAt: resolved ? new Date(alert.endsAt!).toISOString() : "0001-01-01T00:00:00Z",
            generatorURL: alert.generatorURL,
            fingerprint: fingerprint(alert.labels),
            silenceURL: `${target.origin}/grafana/alerting/silence/new?matcher=alertname%3D${encodeURIComponent(name)}`,
            dashboardURL: "",
            panelURL: "",
            values,
            valueString: Object.entries(values)
              .map(([key, value]) => `[ var='${key}' labels={} value=${value} ]`)
              .join(", "),
          },
        ],
        groupLabels: { alertname: name },
        commonLabels: common([alert.labels]),
        commonAnnotations: common([alert.annotations]),
        externalURL: `${target.origin}/grafana/`,
        version: "1",
        groupKey: `{}:{alertname=${JSON.stringify(name)}}`,
        truncatedAlerts: 0,
        title: `[${status.toUpperCase()}:1] ${name}`,
        state: resolved ? "ok" : "alerting",
        message: `**${resolved ? "Resolved" : "Firing"}**\n\n${alert.annotations["summary"] ?? name}`,
      };
      return post(target.url, body, AbortSignal.timeout(10_000), { authorization: `Bearer ${target.token}` });
    },
  };
}

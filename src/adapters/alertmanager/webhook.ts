import { max } from "date-fns/max";
import { z } from "zod";
import { PrometheusAlert, toAlert } from "../../domain/prometheus-alert.ts";
import { refuseBearer, type Webhook } from "../../engine/alerts/webhook.ts";

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
const Payload = z.object({
  version: z.literal("4"),
  groupKey: z.string(),
  alerts: z.array(PrometheusAlert).min(1).max(10_000),
});

/** Alertmanager repeats a group unchanged and without an id, so every delivery counts and alerts are folded by their own key. */
export function alertmanagerWebhook(token: string | null): Webhook {
  return {
    source: "alertmanager",
    refuse: (headers) => refuseBearer(headers, token),
    parse(raw) {
      const { alerts, groupKey } = Payload.parse(JSON.parse(raw.toString("utf8")));
      const origin = { source: "alertmanager", groupKey } as const;
      return {
        key: null,
        body: { alerts: alerts.map((alert) => toAlert(alert, origin)) },
        latest: max(alerts.map(({ startsAt }) => startsAt)),
        sent: null,
      };
    },
  };
}

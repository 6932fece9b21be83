import { z } from "zod";
import { PrometheusAlert, toAlert } from "../../domain/prometheus-alert.ts";
import { refuseBearer, type Webhook } from "../../engine/webhook.ts";

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
      const { alerts } = Payload.parse(JSON.parse(raw.toString("utf8")));
      return { key: null, body: { alerts: alerts.map((alert) => toAlert(alert, "alertmanager")) } };
    },
  };
}

import { max } from "date-fns/max";
import { z } from "zod";
import { PrometheusAlert, toAlert } from "../../domain/prometheus-alert.ts";
import { refuseBearer, type Webhook } from "../../engine/alerts/webhook.ts";

/** https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/ */
const Payload = z.object({
  version: z.literal("1"),
  groupKey: z.string().default(""),
  alerts: z.array(PrometheusAlert).min(1).max(10_000),
});

export function grafanaWebhook(token: string | null): Webhook {
  return {
    source: "grafana",
    refuse: (headers) => refuseBearer(headers, token),
    parse(raw) {
      const { alerts, groupKey } = Payload.parse(JSON.parse(raw.toString("utf8")));
      const origin = { source: "grafana", groupKey } as const;
      return {
        key: null,
        body: { alerts: alerts.map((alert) => toAlert(alert, origin)) },
        latest: max(alerts.map(({ startsAt }) => startsAt)),
        sent: null,
      };
    },
  };
}

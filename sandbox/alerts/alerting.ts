import { practiceApps } from "../apps/practice-apps.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { services } from "../pager/account.ts";
import type { Pager } from "../pager/pager.ts";
import { alertmanagerToken, grafanaToken } from "../seed.ts";
import { type AlertmanagerTiming, createAlertmanager } from "./alertmanager.ts";
import { createGrafana } from "./grafana.ts";
import { pagerReceiver, webhookReceiver } from "./receivers.ts";
import { createRuler } from "./ruler.ts";
import { alertRules } from "./rules.ts";

/** How a bad release becomes known. */
export interface AlertingOptions {
  /** Which of crai's two webhooks about the same trouble comes first. */
  order: "together" | "alertmanager-first" | "pagerduty-first";
  /** Milliseconds that a rule's expression must hold. */
  pending: number;
  /** Milliseconds before Alertmanager's notification, and before its event to PagerDuty. */
  webhookDelay: number;
  pagerDelay: number;
  timing: AlertmanagerTiming;
  /** Whether the rules are evaluated here; false: a real Prometheus does it. */
  evaluate: boolean;
}

export const defaultAlerting: AlertingOptions = {
  order: "together",
  pending: 1_000,
  webhookDelay: 0,
  pagerDelay: 0,
  timing: { groupWait: 300, groupInterval: 5_000, repeatInterval: 4 * 3_600_000, retryFirst: 500 },
  evaluate: true,
};

/** What lies between the metrics and crai: rules, Alertmanager with its two receivers, and Grafana. */
export interface AlertingContext {
  origin: string;
  craiUrl: string;
  pager: Pager;
  metrics: Metrics;
  /** Range of the rules' rates. */
  rate: string;
}

export function startAlerting(
  { origin, craiUrl, pager, metrics, rate }: AlertingContext,
  options: AlertingOptions,
) {
  const pagerFirst = options.order === "pagerduty-first";
  const crai = webhookReceiver({
    url: `${craiUrl}/webhooks/alertmanager`,
    token: alertmanagerToken,
    origin,
    delayMs: options.webhookDelay,
  });
  const pagerduty = pagerReceiver({
    url: `${origin}/pager/v2/enqueue`,
    origin,
    delayMs: options.pagerDelay,
    routingKey: routingKeyOf,
    ...(pagerFirst && { settled: () => pager.webhooks.idle() }),
  });
  const alertmanager = createAlertmanager({
    receivers: pagerFirst ? [pagerduty, crai] : [crai, pagerduty],
    sequence: options.order === "together" ? "together" : "in-order",
    groupBy: ["alertname", "app", "node"],
    timing: options.timing,
  });
  const rules = alertRules(rate, options.pending);
  const ruler = createRuler(
    options.evaluate ? rules : [],
    metrics,
    (alerts) => alertmanager.receive(alerts),
    {
      origin: () => origin,
    },
  );
  return {
    alertmanager,
    rules,
    grafana: createGrafana({ url: `${craiUrl}/webhooks/grafana`, token: grafanaToken, origin }),
    close(): void {
      ruler.close();
      alertmanager.close();
    },
  };
}

function routingKeyOf(appName: string): string | undefined {
  const app = practiceApps.find(({ name }) => name === appName);
  return services.find(({ id }) => id === app?.pagerdutyService)?.routingKey;
}

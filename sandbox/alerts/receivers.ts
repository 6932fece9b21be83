import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Delivered, type Notification, type Receiver, webhookBody } from "./alertmanager.ts";

export interface WebhookTarget {
  url: string;
  token: string;
  /** Origin of the sandbox, for links. */
  origin: string;
  /** Milliseconds before each notification leaves. */
  delayMs: number;
}

/** Alertmanager's `webhook_config` with a bearer token: only 5xx and network errors are tried again. */
export function webhookReceiver(target: WebhookTarget): Receiver {
  return {
    name: "crai",
    wants: () => true,
    async send(notification, signal) {
      await delay(target.delayMs, undefined, { signal, ref: false }).catch(() => undefined);
      return post(target.url, webhookBody(notification, "crai", `${target.origin}/#alerts`), signal, {
        authorization: `Bearer ${target.token}`,
        "user-agent": "Alertmanager/0.27.0",
      });
    },
  };
}

export interface PagerTarget {
  /** Of the Events API. */
  url: string;
  origin: string;
  delayMs: number;
  /** Integration key of the service that is paged for an app. */
  routingKey: (app: string) => string | undefined;
  /** Waited for after each event, 10 s at most: until the pager has told its own subscribers. */
  settled?: () => Promise<void>;
}

/** Alertmanager's `pagerduty_config`: critical groups page, one incident for each group. */
export function pagerReceiver(target: PagerTarget): Receiver {
  return {
    name: "pagerduty",
    wants: ({ alerts, groupLabels }) =>
      groupLabels["alertname"] !== stormAlert &&
      alerts.some(({ labels }) => labels["severity"] === "critical"),
    async send(notification, signal) {
      await delay(target.delayMs, undefined, { signal, ref: false }).catch(() => undefined);
      const event = pagerEvent(notification, target);
      if (!event) return "done";
      const outcome = await post(target.url, event, signal, {});
      if (outcome === "done" && target.settled) {
        await Promise.race([target.settled(), delay(10_000, undefined, { ref: false })]);
      }
      return outcome;
    },
  };
}

/** The alert of a storm; its hundreds of groups page nobody, as the one incident it belongs to already has. */
export const stormAlert = "PodRestarting";

function pagerEvent(notification: Notification, target: PagerTarget) {
  const first = notification.alerts[0]!;
  const routingKey = target.routingKey(first.labels["app"] ?? "");
  if (routingKey === undefined) return null;
  const firing = notification.alerts.filter(({ status }) => status === "firing");
  return {
    routing_key: routingKey,
    event_action: firing.length > 0 ? "trigger" : "resolve",
    dedup_key: createHash("sha256").update(notification.groupKey).digest("hex"),
    client: "Alertmanager",
    client_url: `${target.origin}/#alerts`,
    payload: {
      summary: first.annotations["summary"] ?? first.labels["alertname"] ?? "Alert",
      source: first.labels["app"] ?? "alertmanager",
      severity: first.labels["severity"] === "critical" ? "critical" : "warning",
      custom_details: {
        firing: firing.length,
        resolved: notification.alerts.length - firing.length,
        ...first.labels,
      },
    },
  };
}

export async function post(
  url: string,
  body: unknown,
  signal: AbortSignal,
  headers: Record<string, string>,
): Promise<Delivered> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
    });
    await response.body?.cancel();
    if (response.ok) return "done";
    return response.status >= 500 ? "retry" : "failed";
  } catch {
    // crai may just be down: as good as a 503.
    return "retry";
  }
}

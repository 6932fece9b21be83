import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Service } from "./account.ts";
import { newId } from "./incidents.ts";

/** What PagerDuty's documentation says of Webhooks V3 ("Behavior", "Signatures"), in milliseconds. */
export const pagerdutyTiming = {
  attemptTimeout: 5_000,
  /** First wait before a retry; doubles up to `retryMax`. */
  retryFirst: 1_000,
  retryMax: 3_600_000,
  /** After this long an event that still fails is dropped. */
  giveUp: 48 * 3_600_000,
  /** How long a subscription stays disabled by itself after three drops in a row. */
  disabled: 24 * 3_600_000,
};
export type WebhookTiming = typeof pagerdutyTiming;

export interface Subscription {
  id: string;
  url: string;
  /** Each signs every delivery: two during a rotation. */
  secrets: string[];
  description: string;
  events: string[];
  filter: { type: "account_reference" } | { type: "service_reference"; id: string };
  active: boolean;
  customHeaders: { name: string; value: string }[];
  /** Milliseconds since 1970, null while enabled. */
  disabledUntil: number | null;
  createdAt: number;
}

type Attempt = { at: number; answer: number } | { at: number; error: string };

/** One webhook, whatever became of it: kept for the panel and for tests. */
export interface Delivery {
  webhookId: string;
  subscription: string;
  eventId: string;
  eventType: string;
  resource: string;
  attempts: Attempt[];
  state: "queued" | "delivered" | "dropped" | "discarded";
}

export interface Event {
  type: string;
  /** What deliveries are in order of: the incident. */
  resource: string;
  service: Service | null;
  body: { event: { id: string } };
}

export type Webhooks = ReturnType<typeof createWebhooks>;

const keepDeliveries = 1_000;

export function sign(body: string, secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac("sha256", secret).update(body).digest("hex")}`).join(",");
}

/**
 * Subscriptions and their deliveries: at least once, in order for each subscription and incident, retried on
 * timeouts, network errors, 5xx and 429; any other answer drops the event. Three drops in a row disable the
 * subscription and discard what it had queued.
 */
export function createWebhooks(clock: () => number, timing: WebhookTiming) {
  const subscriptions = new Map<string, Subscription>();
  const deliveries: Delivery[] = [];
  const queues = new Map<string, { items: { delivery: Delivery; payload: string }[] }>();
  const dropsInARow = new Map<string, number>();
  const closing = new AbortController();
  let idleWaiters: (() => void)[] = [];

  function enabled(subscription: Subscription): boolean {
    if (subscription.disabledUntil !== null && subscription.disabledUntil <= clock())
      subscription.disabledUntil = null;
    return subscription.active && subscription.disabledUntil === null;
  }

  function wants(subscription: Subscription, event: Event): boolean {
    const { filter } = subscription;
    return (
      subscription.events.includes(event.type) &&
      (filter.type === "account_reference" || filter.id === event.service?.id)
    );
  }

  async function attempt(
    subscription: Subscription,
    delivery: Delivery,
    payload: string,
  ): Promise<"done" | "drop" | "retry"> {
    const at = clock();
    try {
      const response = await fetch(subscription.url, {
        method: "POST",
        headers: {
          ...Object.fromEntries(subscription.customHeaders.map(({ name, value }) => [name, value])),
          "content-type": "application/json",
          accept: "application/json",
          "user-agent": "PagerDuty-Webhook/V3.0",
          "x-webhook-id": delivery.webhookId,
          "x-webhook-subscription": subscription.id,
          "x-pagerduty-signature": sign(payload, subscription.secrets),
        },
        body: payload,
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(timing.attemptTimeout), closing.signal]),
      });
      await response.body?.cancel();
      delivery.attempts.push({ at, answer: response.status });
      if (response.ok) return "done";
      return response.status >= 500 || response.status === 429 ? "retry" : "drop";
    } catch (error) {
      delivery.attempts.push({ at, error: reason(error) });
      return "retry";
    }
  }

  /** @returns when the delivery has an end, or the sandbox closes. */
  async function deliver(subscription: Subscription, delivery: Delivery, payload: string): Promise<void> {
    const started = clock();
    let wait = timing.retryFirst;
    while (!closing.signal.aborted && delivery.state === "queued") {
      const outcome = await attempt(subscription, delivery, payload);
      if (delivery.state !== "queued") return;
      if (outcome === "done") {
        delivery.state = "delivered";
        dropsInARow.set(subscription.id, 0);
        return;
      }
      if (outcome === "drop" || clock() - started + wait > timing.giveUp) {
        drop(subscription, delivery);
        return;
      }
      await delay(wait, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      wait = Math.min(wait * 2, timing.retryMax);
    }
  }

  function drop(subscription: Subscription, delivery: Delivery): void {
    delivery.state = "dropped";
    const drops = (dropsInARow.get(subscription.id) ?? 0) + 1;
    dropsInARow.set(subscription.id, drops);
    if (drops < 3) return;
    subscription.disabledUntil = clock() + timing.disabled;
    for (const queued of deliveries) {
      if (queued.subscription === subscription.id && queued.state === "queued") queued.state = "discarded";
    }
  }

  async function run(key: string, subscription: Subscription): Promise<void> {
    const queue = queues.get(key)!;
    for (let next = queue.items[0]; next; next = queue.items[0]) {
      if (next.delivery.state === "queued") await deliver(subscription, next.delivery, next.payload);
      queue.items.shift();
      if (closing.signal.aborted) return;
    }
    queues.delete(key);
    if (queues.size === 0) {
      for (const wake of idleWaiters) wake();
      idleWaiters = [];
    }
  }

  function enqueue(subscription: Subscription, event: Event): void {
    const delivery: Delivery = {
      webhookId: randomUUID(),
      subscription: subscription.id,
      eventId: event.body.event.id,
      eventType: event.type,
      resource: event.resource,
      attempts: [],
      state: enabled(subscription) ? "queued" : "discarded",
    };
    deliveries.push(delivery);
    if (deliveries.length > keepDeliveries) deliveries.shift();
    if (delivery.state === "discarded") return;

    const key = `${subscription.id} ${event.resource}`;
    const item = { delivery, payload: JSON.stringify(event.body) };
    const queue = queues.get(key);
    if (queue) {
      queue.items.push(item);
      return;
    }
    queues.set(key, { items: [item] });
    void run(key, subscription);
  }

  return {
    subscriptions: subscriptions as ReadonlyMap<string, Subscription>,
    /** Oldest first, the last 1,000. */
    deliveries: deliveries as readonly Delivery[],
    enabled,

    subscribe(options: Omit<Subscription, "id" | "active" | "disabledUntil" | "createdAt">): Subscription {
      const created = { ...options, id: newId("W"), active: true, disabledUntil: null, createdAt: clock() };
      subscriptions.set(created.id, created);
      return created;
    },
    remove(id: string): boolean {
      for (const queued of deliveries) {
        if (queued.subscription === id && queued.state === "queued") queued.state = "discarded";
      }
      return subscriptions.delete(id);
    },
    enable(subscription: Subscription): void {
      subscription.active = true;
      subscription.disabledUntil = null;
      dropsInARow.set(subscription.id, 0);
    },
    publish(event: Event): void {
      for (const subscription of subscriptions.values())
        if (wants(subscription, event)) enqueue(subscription, event);
    },
    /** A test event goes out whatever the subscription's events and filter are. */
    ping(subscription: Subscription, event: Event): void {
      enqueue(subscription, event);
    },
    /** Resolves when nothing is queued or under way. */
    idle(): Promise<void> {
      if (queues.size === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.push(resolve));
    },
    close(): void {
      closing.abort();
    },
  };
}

function reason(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === "TimeoutError") return "no answer in time";
  return cause instanceof Error ? cause.message : message;
}

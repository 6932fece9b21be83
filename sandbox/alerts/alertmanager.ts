import { setTimeout as delay } from "node:timers/promises";
import { common, fingerprint, isResolved, type PostedAlert } from "./alert.ts";

/** Milliseconds; Alertmanager's own defaults are 30 s, 5 min and 4 h. */
export interface AlertmanagerTiming {
  groupWait: number;
  groupInterval: number;
  repeatInterval: number;
  /** First wait after a failed notification; doubles. */
  retryFirst: number;
}

/** One group of alerts on its way to a receiver. */
export interface Notification {
  groupKey: string;
  groupLabels: Record<string, string>;
  alerts: (PostedAlert & { fingerprint: string; status: "firing" | "resolved" })[];
}

/** `failed`: not now, and not again before the next group interval. */
export type Delivered = "done" | "retry" | "failed";

export interface Receiver {
  name: string;
  wants(notification: Notification): boolean;
  send(notification: Notification, signal: AbortSignal): Promise<Delivered>;
}

interface Group {
  key: string;
  labels: Record<string, string>;
  alerts: Map<string, PostedAlert>;
  /** By receiver: what it was last told, and when. */
  told: Map<string, { content: string; at: number }>;
  timer: NodeJS.Timeout | null;
}

export interface AlertmanagerOptions {
  receivers: readonly Receiver[];
  /** One receiver after the other, each when the one before has an outcome, or all at once. */
  sequence: "together" | "in-order";
  groupBy: readonly string[];
  timing: AlertmanagerTiming;
  clock?: () => number;
}

export type Alertmanager = ReturnType<typeof createAlertmanager>;

/** Groups alerts and tells receivers, as Alertmanager does: grouping, de-duplication, repetition, retries. */
export function createAlertmanager(options: AlertmanagerOptions) {
  const { receivers, groupBy, timing } = options;
  const clock = options.clock ?? Date.now;
  const groups = new Map<string, Group>();
  const closing = new AbortController();
  const listeners = new Set<() => void>();

  function groupLabels(labels: Readonly<Record<string, string>>): {
    key: string;
    labels: Record<string, string>;
  } {
    const own = Object.fromEntries(
      groupBy.filter((name) => name in labels).map((name) => [name, labels[name]!]),
    );
    const pairs = Object.keys(own).map((name) => `${name}=${JSON.stringify(own[name])}`);
    return { key: `{}:{${pairs.sort().join(", ")}}`, labels: own };
  }

  function newGroup(key: string, labels: Record<string, string>): Group {
    const group: Group = { key, labels, alerts: new Map(), told: new Map(), timer: null };
    groups.set(key, group);
    schedule(group, timing.groupWait);
    return group;
  }

  function schedule(group: Group, ms: number): void {
    if (closing.signal.aborted) return;
    group.timer = setTimeout(() => void flush(group), ms);
    group.timer.unref();
  }

  async function flush(group: Group): Promise<void> {
    const started = clock();
    const notification: Notification = {
      groupKey: group.key,
      groupLabels: group.labels,
      alerts: [...group.alerts].map(([id, alert]) => ({
        ...alert,
        fingerprint: id,
        status: isResolved(alert, started) ? "resolved" : "firing",
      })),
    };
    const wanting = receivers.filter((receiver) => receiver.wants(notification));
    const outcomes: boolean[] = [];
    if (options.sequence === "together") {
      outcomes.push(
        ...(await Promise.all(wanting.map((receiver) => tell(receiver, group, notification, started)))),
      );
    } else {
      for (const receiver of wanting) outcomes.push(await tell(receiver, group, notification, started));
    }
    if (outcomes.every(Boolean)) forget(group, notification);
    if (group.alerts.size === 0) groups.delete(group.key);
    else schedule(group, Math.max(0, timing.groupInterval - (clock() - started)));
    for (const listener of listeners) listener();
  }

  /** Resolved alerts that everybody was told of go, unless they fire again meanwhile. */
  function forget(group: Group, told: Notification): void {
    for (const { fingerprint: id, status } of told.alerts) {
      const present = group.alerts.get(id);
      if (status === "resolved" && present && isResolved(present, clock())) group.alerts.delete(id);
    }
  }

  /** @returns whether the receiver knows by now; retries end with the group interval. */
  async function tell(
    receiver: Receiver,
    group: Group,
    notification: Notification,
    started: number,
  ): Promise<boolean> {
    const content = JSON.stringify(
      notification.alerts.map(({ fingerprint: id, status, startsAt }) => [id, status, startsAt]),
    );
    const last = group.told.get(receiver.name);
    if (last?.content === content && clock() - last.at < timing.repeatInterval) return true;
    for (let wait = timing.retryFirst; !closing.signal.aborted; wait *= 2) {
      const outcome = await receiver.send(notification, closing.signal);
      if (outcome === "done") {
        group.told.set(receiver.name, { content, at: clock() });
        return true;
      }
      if (outcome === "failed" || clock() + wait - started > timing.groupInterval) return false;
      await delay(wait, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
    return false;
  }

  return {
    /** What Prometheus does by `POST /api/v2/alerts`. A resolved alert that never fired is nothing. */
    receive(alerts: readonly PostedAlert[]): void {
      const now = clock();
      for (const alert of alerts) {
        const id = fingerprint(alert.labels);
        const { key, labels } = groupLabels(alert.labels);
        const present = groups.get(key)?.alerts.get(id);
        const resolved = isResolved(alert, now);
        if (resolved && !present) continue;
        const group = groups.get(key) ?? newGroup(key, labels);
        const goesOn = present && (resolved || !isResolved(present, now));
        group.alerts.set(id, goesOn ? { ...alert, startsAt: present.startsAt } : alert);
      }
      for (const listener of listeners) listener();
    },
    firing(): (PostedAlert & { fingerprint: string })[] {
      const now = clock();
      return [...groups.values()].flatMap((group) =>
        [...group.alerts]
          .filter(([, alert]) => !isResolved(alert, now))
          .map(([id, alert]) => ({ ...alert, fingerprint: id })),
      );
    },
    onChange(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close(): void {
      closing.abort();
      for (const { timer } of groups.values()) if (timer) clearTimeout(timer);
    },
  };
}

/** The body of Alertmanager's webhook, version 4. */
export function webhookBody(notification: Notification, receiver: string, externalURL: string) {
  const { alerts, groupKey, groupLabels } = notification;
  return {
    receiver,
    status: alerts.some(({ status }) => status === "firing") ? "firing" : "resolved",
    alerts: alerts.map((alert) => ({
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: new Date(alert.startsAt).toISOString(),
      endsAt: alert.status === "resolved" ? new Date(alert.endsAt!).toISOString() : "0001-01-01T00:00:00Z",
      generatorURL: alert.generatorURL,
      fingerprint: alert.fingerprint,
    })),
    groupLabels,
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalURL,
    version: "4",
    groupKey,
    truncatedAlerts: 0,
  };
}

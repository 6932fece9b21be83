import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PagerClient } from "./adapters/pagerduty/client.ts";
import type { Clock } from "./domain/clock.ts";
import { occurrenceState } from "./domain/occurrence.ts";
import type { Dispatch } from "./engine/commands/dispatch.ts";
import { type Backlog, inboxBacklog, outboxBacklog, runsUnderWay } from "./store/backlog.ts";
import type { Database } from "./store/database.ts";
import { failingDeliveries } from "./store/inbox.ts";
import { latestOccurrences } from "./store/occurrences.ts";
import { isServed } from "./store/owner.ts";
import { webhookNews } from "./store/webhooks.ts";

export interface TelemetryOptions {
  db: Database;
  version: string;
  isSlackConnected: () => boolean;
  now: Clock;
}

/** What an operator needs to know of crai itself; docs/deploy.md lists it, deploy/monitoring/crai-rules.yaml watches it. */
export interface Telemetry {
  contentType: string;
  /** Prometheus' text format, read afresh. */
  text(): Promise<string>;
  /** Counts and times the commands that pass. */
  watchCommands(names: readonly string[], dispatch: Dispatch): Dispatch;
  /** Takes note of when PagerDuty answered last, and when it did not. */
  watchPager(client: PagerClient): PagerClient;
}

const seconds = (date: Date): number => date.getTime() / 1000;

export function createTelemetry({ db, version, isSlackConnected, now }: TelemetryOptions): Telemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });

  function gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [registry] });
  }

  const build = gauge("crai_build_info", "1; which crai this is", ["version"]);
  build.set({ version }, 1);
  const owner = gauge("crai_owns_record", "1 while a crai holds the record's lock");
  const slack = gauge("crai_slack_connected", "1 while crai hears Slack");
  const outbox = gauge("crai_outbox_waiting", "Messages and changes that are to go out", ["system"]);
  const outboxAge = gauge("crai_outbox_oldest_age_seconds", "Age of the oldest of them", ["system"]);
  const inbox = gauge("crai_inbox_waiting", "Deliveries that are to be carried out", ["source"]);
  const inboxAge = gauge("crai_inbox_oldest_age_seconds", "Age of the oldest of them", ["source"]);
  const failing = gauge("crai_inbox_failing", "Deliveries that could not be carried out and are kept", [
    "source",
  ]);
  const runs = gauge("crai_runs_under_way", "Runs that are carried out or wait to be");
  const maintenance = gauge(
    "crai_maintenance_due",
    "1 for each playbook that started by itself and is not done, by how it stands: due, open, overdue, undone, missed or broken",
    ["schedule", "state"],
  );
  const heard = gauge("crai_webhook_last_taken_timestamp_seconds", "When a source was last heard", [
    "source",
  ]);
  const refused = gauge("crai_webhook_last_refused_timestamp_seconds", "When a source was last refused", [
    "source",
  ]);
  const pagerAnswer = gauge("crai_pagerduty_last_answer_timestamp_seconds", "When PagerDuty last answered");
  const pagerError = gauge("crai_pagerduty_last_error_timestamp_seconds", "When PagerDuty last failed to");
  const commands = new Histogram({
    name: "crai_command_duration_seconds",
    help: "Time from taking a command up to its answer, by what became of it: answered, refused or broken",
    labelNames: ["command", "outcome"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });

  function setBacklog(waiting: Gauge, age: Gauge, label: string, found: readonly Backlog[]): void {
    waiting.reset();
    age.reset();
    for (const { of, waiting: count, oldest } of found) {
      waiting.set({ [label]: of }, count);
      age.set({ [label]: of }, Math.max(0, seconds(now()) - seconds(oldest)));
    }
  }

  async function read(): Promise<void> {
    slack.set(isSlackConnected() ? 1 : 0);
    owner.set((await isServed(db)) ? 1 : 0);
    setBacklog(outbox, outboxAge, "system", await outboxBacklog(db));
    setBacklog(inbox, inboxAge, "source", await inboxBacklog(db));
    failing.reset();
    for (const { source, deliveries } of await failingDeliveries(db)) failing.set({ source }, deliveries);
    runs.set(await runsUnderWay(db));
    maintenance.reset();
    for (const one of await latestOccurrences(db)) {
      const state = occurrenceState(one, now());
      if (state !== "done" && state !== "late") maintenance.set({ schedule: one.playbook, state }, 1);
    }
    for (const { source, seen_at: at, refused_at: no } of await webhookNews(db)) {
      if (at !== null) heard.set({ source }, seconds(at));
      if (no !== null) refused.set({ source }, seconds(no));
    }
  }

  return {
    contentType: registry.contentType,
    async text() {
      await read();
      return registry.metrics();
    },
    watchCommands(names, dispatch) {
      return async (invocation) => {
        const [word = ""] = invocation.text.trim().split(/\s/);
        // What people mistype is no name: a label has few values.
        const command = names.includes(word.toLowerCase()) ? word.toLowerCase() : "other";
        const stop = commands.startTimer({ command });
        const reply = await dispatch(invocation);
        stop({ outcome: reply.trouble ?? "answered" });
        return reply;
      };
    },
    watchPager(client) {
      return {
        async call(schema, request) {
          try {
            const answer = await client.call(schema, request);
            pagerAnswer.set(seconds(now()));
            return answer;
          } catch (error) {
            pagerError.set(seconds(now()));
            throw error;
          }
        },
      };
    },
  };
}

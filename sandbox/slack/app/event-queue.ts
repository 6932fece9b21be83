import type { State } from "../state.ts";
import { verificationToken } from "./payloads.ts";
import type { AppLink, Delivery, Timings } from "./link.ts";

export interface EventQueue {
  /** Wraps the event in an event_callback and delivers it, with Slack's retries; returns at once. */
  push(event: Record<string, unknown>): void;
  close(): void;
}

function retryReason(delivery: Delivery): string {
  if (delivery.outcome === "timeout") return "http_timeout";
  return delivery.outcome === "failed" ? delivery.reason : "";
}

/** After the last retry an event is lost, as in Slack. Retries keep their event_id. */
export function createEventQueue(state: State, link: () => AppLink, timings: Timings): EventQueue {
  const timers = new Set<NodeJS.Timeout>();
  let isClosed = false;

  async function attempt(payload: object, num: number, reason: string): Promise<void> {
    const delivery = await link().send("events_api", payload, num === 0 ? undefined : { num, reason });
    if (isClosed || delivery.outcome === "acked") return;
    if (delivery.outcome === "failed" && delivery.noRetry) return;
    const wait = timings.eventRetriesMs[num];
    if (wait === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(payload, num + 1, retryReason(delivery));
    }, wait);
    timer.unref();
    timers.add(timer);
  }

  return {
    push(event) {
      const payload = {
        token: verificationToken,
        team_id: state.team.id,
        context_team_id: state.team.id,
        context_enterprise_id: null,
        api_app_id: state.bot.appId,
        event,
        type: "event_callback",
        event_id: state.newId("Ev"),
        event_time: Math.floor(state.now() / 1000),
        authorizations: [
          {
            enterprise_id: null,
            team_id: state.team.id,
            user_id: state.bot.user,
            is_bot: true,
            is_enterprise_install: false,
          },
        ],
        is_ext_shared_channel: false,
        event_context: state.newId("EC"),
      };
      void attempt(payload, 0, "");
    },
    close() {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

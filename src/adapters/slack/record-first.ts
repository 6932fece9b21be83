import type { App } from "@slack/bolt";

/**
 * Bolt acknowledges an event before its listeners run, so that a crash in between would lose it: Slack does not repeat
 * what was acknowledged. Through this the listeners store it first, and what they could not store is repeated.
 */
export function recordFirst(app: App): App {
  const processor: Pick<App, "processEvent"> = {
    async processEvent(event) {
      if (event.body["type"] !== "event_callback") return app.processEvent(event);
      await app.processEvent({ ...event, ack: () => Promise.resolve() });
      await event.ack();
    },
  };
  return processor as App;
}

import type { ClientEvent } from "../../slack/client-api.ts";

const firstDelayMs = 250;
const longestDelayMs = 4_000;

/**
 * The person's event stream, connected again whenever it ends. Nothing is replayed: after each `hello` the listener
 * reads everything again. Returns how to end it.
 */
export function openEventSocket(
  user: string,
  on: { event: (event: ClientEvent) => void; lost: () => void },
): () => void {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = firstDelayMs;
  let ended = false;

  function connect(): void {
    const url = new URL(`/slack/client/events?as=${encodeURIComponent(user)}`, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const opened = new WebSocket(url);
    socket = opened;
    opened.addEventListener("message", (message: MessageEvent<string>) => {
      if (ended) return;
      const event = JSON.parse(message.data) as ClientEvent;
      if (event.type === "hello") delay = firstDelayMs;
      on.event(event);
    });
    opened.addEventListener("close", () => {
      if (ended) return;
      on.lost();
      timer = setTimeout(connect, delay);
      delay = Math.min(delay * 2, longestDelayMs);
    });
  }

  connect();
  return function end() {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
}

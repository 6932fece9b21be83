import { useSyncExternalStore } from "react";

/** What the page shows, as its address says it. */
export interface Place {
  /** The person the page acts as; null: the first one. */
  as: string | null;
  view: { kind: "channel"; channel: string } | { kind: "home" } | { kind: "start" };
  /** `ts` of the parent of the open thread. */
  thread: string | null;
  /** `ts` of the message to show first. */
  message: string | null;
}

/** Reads our own addresses and Slack's permalinks (/archives/C…/p…?thread_ts=…). */
function placeOf(url: URL): Place {
  const [, section, channel, permalink] = url.pathname.split("/");
  const message = /^p(\d{10})(\d{6})$/.exec(permalink ?? "");
  return {
    as: url.searchParams.get("as"),
    view:
      section === "archives" && channel
        ? { kind: "channel", channel }
        : { kind: section === "app-home" ? "home" : "start" },
    thread: url.searchParams.get("thread_ts"),
    message: message ? `${message[1]}.${message[2]}` : null,
  };
}

function addressOf(place: Place): string {
  const query = new URLSearchParams();
  if (place.as) query.set("as", place.as);
  if (place.thread) query.set("thread_ts", place.thread);
  const message = place.message ? `/p${place.message.replace(".", "")}` : "";
  const path = {
    channel: () => (place.view.kind === "channel" ? `/archives/${place.view.channel}${message}` : "/"),
    home: () => "/app-home",
    start: () => "/",
  }[place.view.kind]();
  return query.size > 0 ? `${path}?${query}` : path;
}

const moved = "crai:moved";

export function usePlace(): Place {
  const href = useSyncExternalStore(
    (listener) => {
      window.addEventListener("popstate", listener);
      window.addEventListener(moved, listener);
      return () => {
        window.removeEventListener("popstate", listener);
        window.removeEventListener(moved, listener);
      };
    },
    () => window.location.href,
  );
  return placeOf(new URL(href));
}

/** Goes to a place; what is not named stays, but the thread and the message, which belong to the channel. */
export function goTo(change: Partial<Place>): void {
  const here = placeOf(new URL(window.location.href));
  window.history.pushState(null, "", addressOf({ ...here, thread: null, message: null, ...change }));
  window.dispatchEvent(new Event(moved));
}

/** The place inside this page that a link means, if it means one: ours, or a permalink of Slack's. */
export function placeOfLink(href: string): Place | null {
  const url = new URL(href, window.location.href);
  const ours = url.origin === window.location.origin || url.hostname.endsWith(".slack.com");
  return ours && url.pathname.startsWith("/archives/") ? placeOf(url) : null;
}

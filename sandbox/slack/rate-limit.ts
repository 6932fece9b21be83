import type { Tier } from "./web-api/method.ts";

/**
 * off: never; realistic: Slack's rates, with a burst of a minute's worth (posts: a short burst a channel);
 * strict: Slack's rates without any burst, to see an app wait.
 */
export type RateLimits = "off" | "realistic" | "strict";

interface Rate {
  /** Calls a second once the burst is spent. */
  perSecond: number;
  burst: number;
}

/** docs.slack.dev/apis/web-api/rate-limits: calls a minute for an app and workspace, counted by method. */
const perMinute = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;
/** Slack tolerates short bursts of posts but does not say how long; so many pass here. */
const postBurst = 10;
/** Reconnecting must stay possible: the one tier 1 method is apps.connections.open. */
const tier1Burst = 20;

function rateOf(tier: Exclude<Tier, "none">, mode: "realistic" | "strict"): Rate {
  if (tier === "post") return { perSecond: 1, burst: mode === "strict" ? 1 : postBurst };
  const minute = perMinute[tier];
  if (tier === 1) return { perSecond: minute / 60, burst: tier1Burst };
  return { perSecond: minute / 60, burst: mode === "strict" ? 1 : minute };
}

export interface RateLimiter {
  set(mode: RateLimits): void;
  /** Seconds to wait, or null when the call may pass. `channel` tells posts apart. */
  take(method: string, tier: Tier, channel: string): number | null;
}

/** Token buckets by method, and for posts by channel. `now` in milliseconds. */
export function createRateLimiter(now: () => number, initial: RateLimits): RateLimiter {
  let mode = initial;
  const buckets = new Map<string, { tokens: number; at: number }>();

  return {
    set(next) {
      mode = next;
      buckets.clear();
    },
    take(method, tier, channel) {
      if (mode === "off" || tier === "none") return null;
      const { perSecond, burst } = rateOf(tier, mode);
      const key = tier === "post" ? `${method} ${channel}` : method;
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: burst, at };
      const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
      if (tokens < 1) {
        buckets.set(key, { tokens, at });
        return Math.max(1, Math.ceil((1 - tokens) / perSecond));
      }
      buckets.set(key, { tokens: tokens - 1, at });
      return null;
    },
  };
}

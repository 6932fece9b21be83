import { performance } from "node:perf_hooks";

/** Calls a minute per method (docs.slack.dev/apis/web-api/rate-limits); methods not named here are not held back. */
const perMinute: Readonly<Record<string, number>> = {
  "chat.update": 50,
  "chat.postEphemeral": 100,
  "conversations.create": 20,
  "conversations.invite": 50,
  "conversations.join": 50,
  "conversations.open": 50,
  "conversations.rename": 20,
  "conversations.setPurpose": 20,
  "conversations.setTopic": 20,
  "pins.add": 20,
  "reactions.add": 50,
  "views.publish": 100,
  /** Ours: a channel crai is not in gets news through a URL that is good for five messages. */
  response_url: 6,
};

/** chat.postMessage has a rule of its own: about one a second and channel, short bursts allowed. */
const post = { perSecond: 1, burst: 4 } as const;

interface Rate {
  perSecond: number;
  burst: number;
}

function rateOf(method: string): Rate | undefined {
  if (method === "chat.postMessage") return post;
  const minute = perMinute[method];
  if (minute === undefined) return undefined;
  return { perSecond: minute / 60, burst: method === "response_url" ? 1 : Math.ceil(minute / 2) };
}

/** What is limited together: a method, and for some methods a channel or URL. */
export interface Call {
  method: string;
  of?: string;
}

export interface Pace {
  /** Milliseconds until this call may be made; 0 takes it. */
  take(call: Call): number;
  /** Counts a call that is made in any case; the next ones wait the longer. */
  spend(call: Call): void;
  /** Slack said for how long. */
  pause(call: Call, ms: number): void;
}

interface Bucket {
  tokens: number;
  at: number;
  pausedUntil: number;
}

/** Token buckets, so that Slack seldom has to refuse. In memory: after a restart Slack's own answer corrects it. */
export function createPace(clock: () => number = () => performance.now()): Pace {
  const buckets = new Map<string, Bucket>();

  function bucketOf({ method, of = "" }: Call, rate: Rate | undefined): Bucket {
    const key = `${method} ${of}`;
    const at = clock();
    const bucket = buckets.get(key) ?? { tokens: rate?.burst ?? 0, at, pausedUntil: 0 };
    if (rate !== undefined)
      bucket.tokens = Math.min(rate.burst, bucket.tokens + ((at - bucket.at) / 1000) * rate.perSecond);
    bucket.at = at;
    buckets.set(key, bucket);
    return bucket;
  }

  return {
    take(call) {
      const rate = rateOf(call.method);
      const bucket = bucketOf(call, rate);
      const paused = bucket.pausedUntil - bucket.at;
      if (paused > 0) return Math.ceil(paused);
      if (rate === undefined) return 0;
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / rate.perSecond) * 1000);
      bucket.tokens -= 1;
      return 0;
    },
    spend(call) {
      bucketOf(call, rateOf(call.method)).tokens -= 1;
    },
    pause(call, ms) {
      const bucket = bucketOf(call, rateOf(call.method));
      bucket.pausedUntil = bucket.at + ms;
    },
  };
}

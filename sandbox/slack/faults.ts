import { setTimeout as wait } from "node:timers/promises";

/** How Slack misbehaves towards the app; people's clients go on working, so that the page can show it. */
export interface FaultSettings {
  /** Every request's connection is cut without an answer, and Socket Mode with it. */
  down: boolean;
  /** Milliseconds before each answer. */
  delayMs: number;
  /** Every request is answered with this HTTP status and not acted on: 500, 503, or 429 with Retry-After: 1. */
  status: number | null;
  /** That many requests are acted on and their answers lost; counts down. */
  loseResponses: number;
  /** Socket Mode connections are cut and refused; the Web API works. */
  dropSocket: boolean;
  /** Every Web API call is refused with this error: "invalid_auth", "token_revoked", "fatal_error". */
  error: string | null;
  /** Only these are struck by delay, status, lost answers and error ("chat.postMessage", "response_url", "upload"); null: all. */
  methods: readonly string[] | null;
}

const noFaults: FaultSettings = {
  down: false,
  delayMs: 0,
  status: null,
  loseResponses: 0,
  dropSocket: false,
  error: null,
  methods: null,
};

export interface Faults {
  /** Changes only what is given. */
  set(change: Partial<FaultSettings>): void;
  clear(): void;
  get(): FaultSettings;
}

/** What is to be done with one request, decided before it is acted on. */
interface Verdict {
  cut: boolean;
  status: number | null;
  error: string | null;
  loseResponse: boolean;
}

export interface FaultInjector extends Faults {
  /** Waits out the delay and decides. */
  judge(method: string): Promise<Verdict>;
}

export function createFaults(onChange: (settings: FaultSettings) => void): FaultInjector {
  let settings = noFaults;

  function apply(next: FaultSettings): void {
    settings = next;
    onChange(settings);
  }

  return {
    set: (change) => apply({ ...settings, ...change }),
    clear: () => apply(noFaults),
    get: () => settings,
    async judge(method) {
      const { down, delayMs, methods } = settings;
      const isStruck = methods === null || methods.includes(method);
      if (down) return { cut: true, status: null, error: null, loseResponse: false };
      if (!isStruck) return { cut: false, status: null, error: null, loseResponse: false };
      if (delayMs > 0) await wait(delayMs);
      const { status, error, loseResponses } = settings;
      const loseResponse = status === null && loseResponses > 0;
      if (loseResponse) settings = { ...settings, loseResponses: loseResponses - 1 };
      return { cut: settings.down, status, error, loseResponse };
    },
  };
}

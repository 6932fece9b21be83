import { setTimeout as delay } from "node:timers/promises";

/** How the pager misbehaves towards those who call it. */
interface FaultSettings {
  /** Every request is answered 503 by a proxy's HTML page, as in a real outage. */
  down: boolean;
  /** Milliseconds before each answer. */
  delayMs: number;
}

export interface Faults {
  readonly current: FaultSettings;
  /** Changes the named settings and leaves the others. */
  set(change: Partial<FaultSettings>): void;
}

export function createFaults(): Faults & { wait(): Promise<"serve" | "down"> } {
  let current: FaultSettings = { down: false, delayMs: 0 };
  return {
    get current() {
      return current;
    },
    set(change) {
      current = { ...current, ...change };
    },
    async wait() {
      if (current.delayMs > 0) await delay(current.delayMs);
      return current.down ? "down" : "serve";
    },
  };
}

import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./panel/panel-api.ts";

/** Takes one outside system down, or slows it, for everybody who calls it over HTTP. */
export interface FaultSwitch {
  get(): Fault;
  set(fault: Fault): void;
  /** Waits while slow; answers "down" when the caller should be refused. */
  pass(): Promise<"ok" | "down">;
}

export function faultSwitch(): FaultSwitch {
  let fault: Fault = { mode: "ok", delayMs: 0 };
  return {
    get: () => fault,
    set(next) {
      fault = { mode: next.mode, delayMs: next.mode === "slow" ? next.delayMs : 0 };
    },
    async pass() {
      if (fault.mode === "slow") await delay(fault.delayMs);
      return fault.mode === "down" ? "down" : "ok";
    },
  };
}

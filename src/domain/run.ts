import { z } from "zod";
import type { Actor } from "./actor.ts";

/** How a step or a run ended. `unknown` is an answer: the world could not be read, and nothing is claimed. */
export const Outcome = z.enum(["succeeded", "failed", "refused", "skipped", "stopped", "unknown"]);
export type Outcome = z.infer<typeof Outcome>;

/** What a run that changed something did to the problem it was started for. */
export const Verdict = z.enum(["cured", "not-cured", "effect-unknown", "stuck"]);
export type Verdict = z.infer<typeof Verdict>;

/** `serve` = the durable workflow; `cli` = the caller's terminal with the caller's own kubeconfig, never resumed. */
export const Executor = z.enum(["serve", "cli"]);
export type Executor = z.infer<typeof Executor>;

/** What one person (or a check) said to one item of a step: a choice, a tick, a yes. */
export interface StepAnswer {
  /** `answer`, the number of an item, or who agreed. */
  item: string;
  actor: Actor;
  value: null | boolean | number | string;
  note: string | null;
  /** UTC */
  at: Date;
}

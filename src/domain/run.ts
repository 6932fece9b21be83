import { z } from "zod";

/** How a step or a run ended. `unknown` is an answer: the world could not be read, and nothing is claimed. */
export const Outcome = z.enum(["succeeded", "failed", "refused", "skipped", "stopped", "unknown"]);
export type Outcome = z.infer<typeof Outcome>;

/** What a run that changed something did to the problem it was started for. */
export const Verdict = z.enum(["cured", "not-cured", "effect-unknown", "stuck"]);
export type Verdict = z.infer<typeof Verdict>;

/** `serve` = the durable workflow; `cli` = the caller's terminal with the caller's own kubeconfig, never resumed. */
export const Executor = z.enum(["serve", "cli"]);
export type Executor = z.infer<typeof Executor>;

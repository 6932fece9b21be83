import { UserError } from "../src/domain/errors.ts";
import { findRun } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { runNumber } from "../src/engine/commands/references.ts";
import { line } from "../src/engine/page.ts";

export const tick: Command = {
  name: "tick",
  usage: 'tick <run> <step> <item> [--failed] [--note "…"]',
  summary: "Tick an item of a run's checklist off, or say that it is not so",
  examples: ["tick R12 before 3", 'tick R12 before 4 --failed --note "the certificate ends on Friday"'],
  // Whose tick counts hangs on the step: the run itself decides it.
  permission: null,
  helpsWith: ["run:read"],
  positionals: ["run", "step", "item"],
  flags: { failed: { type: "boolean" }, note: { type: "string" } },
  async concerns(args, { invocation }, { db }) {
    return (await findRun(db, runNumber(args["run"]), invocation.place)).incident;
  },
  async run(args, { actor }, { runs }) {
    const { step, item } = args;
    if (step === undefined || item === undefined)
      throw new UserError("Which item?", {
        why: "A run may have several checklists.",
        next: `Usage: \`${tick.usage}\``,
      });
    const run = runNumber(args["run"]);
    const text = args["failed"] === "true" ? "failed" : "so";
    await runs.answer({ run, step, item, text, note: args["note"] ?? null, actor });
    return {
      to: "asker",
      view: line(`Item ${item} of ${step} in R${run} is ${text === "so" ? "ticked" : "marked as failed"}.`),
    };
  },
};

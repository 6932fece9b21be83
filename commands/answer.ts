import { UserError } from "../src/domain/errors.ts";
import { findRun } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { runNumber } from "../src/engine/commands/references.ts";
import { line } from "../src/engine/page.ts";

export const answer: Command = {
  name: "answer",
  usage: 'answer <run> <step> <answer…> [--note "…"]',
  summary: "Answer what a run asks: a choice, a value, yes or no",
  examples: ["answer R12 backup 2026-11-22", "answer R12 go yes"],
  // Whose answer counts hangs on the step: the run itself decides it.
  permission: null,
  helpsWith: ["run:read"],
  positionals: ["run", "step", "answer…"],
  flags: { value: { type: "string" }, note: { type: "string" } },
  async concerns(args, { invocation }, { db }) {
    return (await findRun(db, runNumber(args["run"]), invocation.place)).incident;
  },
  async run(args, { actor }, { runs }) {
    const { step } = args;
    const text = args["value"] ?? args["answer"];
    if (step === undefined || text === undefined)
      throw new UserError("Answer what?", {
        why: "A run may ask several things at once.",
        next: `Usage: \`${answer.usage}\``,
      });
    const run = runNumber(args["run"]);
    await runs.answer({ run, step, item: null, text, note: args["note"] ?? null, actor });
    return { to: "asker", view: line(`R${run} has your answer: ${text}`) };
  },
};

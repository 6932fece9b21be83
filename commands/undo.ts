import { UserError } from "../src/domain/errors.ts";
import type { Args, Command } from "../src/engine/command.ts";
import { runNumber } from "../src/engine/references.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { runByNumber } from "../src/store/runs.ts";

async function runOf(args: Args, { db }: Pick<UseCases, "db">) {
  const number = runNumber(args["run"]);
  const run = await runByNumber(db, number);
  if (!run) throw new UserError(`There is no run R${number}.`, { next: "`runs` lists them." });
  return run;
}

export const undo: Command = {
  name: "undo",
  usage: 'undo <run> [--reason "…"]',
  summary: "Plan the inverse that a run recorded before it acted",
  examples: ["undo R12"],
  permission: "rollout:undo",
  positionals: ["run"],
  flags: { reason: { type: "string" } },
  async scope(args, _context, uses) {
    const { app, environment } = await runOf(args, uses);
    return { app, environment };
  },
  async run(args, { invocation, actor }, uses) {
    const run = await runOf(args, uses);
    if (run.status !== "finished") {
      throw new UserError(`R${run.number} has not ended.`, {
        why: "Its inverse is known only when nothing more will change.",
        next: `stop R${run.number}, then undo it.`,
      });
    }
    const stored = await uses.planner.makeUndo({
      run: run.number,
      actor,
      incident: run.incident,
      reason: args["reason"] ?? null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    return uses.planMessages.present(stored, invocation);
  },
};

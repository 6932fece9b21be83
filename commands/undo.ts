import { UserError } from "../src/domain/errors.ts";
import { findRun } from "../src/engine/audience.ts";
import type { Args, Command, CommandContext } from "../src/engine/commands/command.ts";
import { runNumber } from "../src/engine/commands/references.ts";
import { runScopes } from "../src/engine/runs/seen-runs.ts";
import { recordedIn } from "../src/engine/commands/incident-of.ts";
import type { UseCases } from "../src/engine/use-cases.ts";

async function runOf(args: Args, { invocation }: CommandContext, { db }: Pick<UseCases, "db">) {
  return findRun(db, runNumber(args["run"]), invocation.place);
}

export const undo: Command = {
  name: "undo",
  usage: 'undo <run> [--reason "…"]',
  summary: "Plan the inverse that a run recorded before it acted",
  examples: ["undo R12"],
  permission: "rollout:undo",
  positionals: ["run"],
  flags: { reason: { type: "string" } },
  concerns: async (args, context, uses) => (await runOf(args, context, uses)).incident,
  records: true,
  async scope(args, context, uses) {
    return runScopes(uses.db, await runOf(args, context, uses));
  },
  async run(args, context, uses) {
    const { invocation, actor, incident: here } = context;
    const run = await runOf(args, context, uses);
    if (run.status !== "finished") {
      throw new UserError(`R${run.number} has not ended.`, {
        why: "Its inverse is known only when nothing more will change.",
        next: `\`stop R${run.number}\`, then undo it.`,
      });
    }
    const stored = await uses.planner.makeUndo({
      run: run.number,
      actor,
      incident: recordedIn(here, run.incident),
      reason: args["reason"] ?? null,
      channel: invocation.place.channel,
      key: invocation.id,
    });
    return uses.planMessages.present(stored, invocation);
  },
};

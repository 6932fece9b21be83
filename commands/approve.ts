import { findPlan } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { planNumber } from "../src/engine/commands/references.ts";

export const approve: Command = {
  name: "approve",
  usage: 'approve <plan> [--break-glass --reason "…"]',
  summary: "Say yes to a plan: your own where one yes is enough, or another person's",
  examples: ["approve P12", 'approve P12 --break-glass --reason "nobody awake, customers cannot log in"'],
  // Who may say yes hangs on the plan: its risk, its requester and who is on call. The approval itself decides it.
  permission: null,
  helpsWith: ["plan:approve", "rollout:undo", "rollout:restart", "workload:scale"],
  positionals: ["plan"],
  flags: { "break-glass": { type: "boolean" }, reason: { type: "string" } },
  async concerns(args, { invocation }, { db }) {
    return (await findPlan(db, planNumber(args["plan"]), invocation.place)).plan.incident;
  },
  async run(args, { invocation, actor }, { approvals, planMessages }) {
    const plan = planNumber(args["plan"]);
    const decision = await approvals.approve({
      plan,
      actor,
      reason: args["reason"] ?? null,
      breakGlass: args["break-glass"] === "true",
      cause: invocation.id,
      channel: invocation.place.channel,
    });
    await planMessages.refresh(plan);
    if (decision.result === "replanned") return planMessages.present(decision.stored, invocation);
    if (decision.stored.number !== plan) await planMessages.refresh(decision.stored.number);
    if (decision.result === "counted") {
      const { stored: waiting, missing } = decision;
      return planMessages.answer(
        waiting,
        `P${waiting.number} has your yes; ${missing} more needed.`,
        invocation,
      );
    }
    const { stored, run } = decision;
    return planMessages.answer(stored, `R${run.number} runs: ${stored.plan.title}.`, invocation);
  },
};

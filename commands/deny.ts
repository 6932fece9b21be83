import { findPlan } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { planNumber } from "../src/engine/commands/references.ts";

export const deny: Command = {
  name: "deny",
  usage: 'deny <plan> [--reason "…"]',
  summary: "Say no to a plan, or cancel your own",
  examples: ["deny P12", 'deny P12 --reason "the database is the cause"'],
  // The requester may always cancel; the approval decides about everybody else.
  permission: null,
  helpsWith: ["plan:approve", "rollout:undo", "rollout:restart", "workload:scale"],
  positionals: ["plan"],
  flags: { reason: { type: "string" } },
  async concerns(args, { invocation }, { db }) {
    return (await findPlan(db, planNumber(args["plan"]), invocation.place)).plan.incident;
  },
  async run(args, { invocation, actor }, { approvals, planMessages }) {
    const plan = planNumber(args["plan"]);
    const stored = await approvals.deny({
      plan,
      actor,
      reason: args["reason"] ?? null,
      cause: invocation.id,
      channel: invocation.place.channel,
    });
    await planMessages.refresh(plan);
    return planMessages.answer(stored, `P${plan} is denied: ${stored.plan.title}.`, invocation);
  },
};

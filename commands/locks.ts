import { actorName } from "../src/domain/actor.ts";
import { quoted } from "../src/domain/clean-text.ts";
import { UserError } from "../src/domain/errors.ts";
import { audienceOf } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { line, page, table } from "../src/engine/page.ts";
import { visibleTo } from "../src/engine/visible.ts";
import { locksHeardBy } from "../src/store/locks.ts";

export const locks: Command = {
  name: "locks",
  usage: 'locks [take <target> --reason "…"]',
  summary: "Which workloads a run holds, and taking one over when on call",
  examples: ["locks", 'locks take practice/credit-risk-ai/deployment/api-deployment --reason "R12 hangs"'],
  permission: "run:read",
  positionals: ["verb", "target"],
  flags: { reason: { type: "string" } },
  // Who may take one over hangs on the run that holds it; the list shows what the asker may see.
  scope: () => "anywhere",
  async run(args, { actor, invocation }, { authorizer, db, lockKeeper }) {
    const { verb, target } = args;
    if (verb === "take") {
      if (target === undefined)
        throw new UserError("Which target?", {
          why: "The command names none.",
          next: "`locks` lists what is held.",
        });
      const held = await lockKeeper.takeOver(target, {
        actor,
        reason: args["reason"] ?? null,
        cause: invocation.id,
        place: invocation.place,
        askedAt: invocation.at,
      });
      return {
        to: "channel",
        view: line(
          `${actor.name} took the lock of ${target} over from R${held.run}, which stops before its next change.`,
        ),
      };
    }
    if (verb !== undefined)
      throw new UserError(`locks does not know ${quoted(verb)}.`, {
        why: "It only lists locks, or takes one over.",
        next: `Usage: \`${locks.usage}\``,
      });
    const all = await locksHeardBy(db, audienceOf(invocation.place));
    const held = await visibleTo(authorizer, actor, "run:read", all);
    if (held.length === 0) return { to: "asker", view: line("No workload is locked.") };
    const rows = held.map((lock) => [
      lock.target,
      `R${lock.run}`,
      actorName(lock.holder),
      `${lock.taken_at.toISOString().slice(11, 19)} UTC`,
    ]);
    return { to: "asker", view: page("Locks", table(["Target", "Run", "Held by", "Since"], rows)) };
  },
};

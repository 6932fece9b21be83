import { UserError } from "../src/domain/errors.ts";
import type { Command } from "../src/engine/command.ts";
import { runNumber } from "../src/engine/references.ts";
import { runByNumber } from "../src/store/runs.ts";

export const stop: Command = {
  name: "stop",
  usage: 'stop <run> [--reason "…"]',
  summary: "Halt a run before its next change; what it changed stays",
  examples: ["stop R12"],
  permission: "run:stop",
  positionals: ["run"],
  flags: { reason: { type: "string" } },
  async scope(args, _context, { db }) {
    const run = await runByNumber(db, runNumber(args["run"]));
    return { app: run?.app, environment: run?.environment };
  },
  async run(args, { actor }, { db, runs }) {
    const number = runNumber(args["run"]);
    if (!(await runByNumber(db, number)))
      throw new UserError(`There is no run R${number}.`, { next: "`runs` lists them." });
    await runs.stop(number, actor, args["reason"] ?? null);
    const summary = `R${number} halts before its next change; its message says what stands.`;
    return { to: "asker", view: { summary, blocks: [{ type: "text", text: summary }] } };
  },
};

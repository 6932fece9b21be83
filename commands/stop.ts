import { findRun } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { runNumber } from "../src/engine/commands/references.ts";
import { runScopes } from "../src/engine/runs/seen-runs.ts";

export const stop: Command = {
  name: "stop",
  usage: 'stop <run> [--reason "…"]',
  summary: "Halt a run before its next change; what it changed stays",
  examples: ["stop R12"],
  permission: "run:stop",
  positionals: ["run"],
  flags: { reason: { type: "string" } },
  async concerns(args, { invocation }, { db }) {
    return (await findRun(db, runNumber(args["run"]), invocation.place)).incident;
  },
  async scope(args, { invocation }, { db }) {
    return runScopes(db, await findRun(db, runNumber(args["run"]), invocation.place));
  },
  async run(args, { actor }, { runs }) {
    const number = runNumber(args["run"]);
    await runs.stop(number, actor, args["reason"] ?? null);
    const summary = `R${number} halts before its next change; its message says what stands.`;
    return { to: "asker", view: { summary, blocks: [{ type: "text", text: summary }] } };
  },
};

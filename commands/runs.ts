import { actorName } from "../src/domain/actor.ts";
import { UserError } from "../src/domain/errors.ts";
import { findApp } from "../src/engine/apps.ts";
import type { Command } from "../src/engine/command.ts";
import { line, page, table } from "../src/engine/page.ts";
import { runNumber } from "../src/engine/references.ts";
import { runEnd, runView } from "../src/engine/run-view.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { planByNumber } from "../src/store/plans.ts";
import { listRuns, runByNumber, stepsOf } from "../src/store/runs.ts";

const isRun = (text: string | undefined): boolean => /^r?\d+$/i.test(text ?? "");

async function oneRun(number: number, { db }: Pick<UseCases, "db">) {
  const run = await runByNumber(db, number);
  const stored = run && (await planByNumber(db, run.plan));
  if (!run || !stored) throw new UserError(`There is no run R${number}.`, { next: "`runs` lists them." });
  return runView({ run, plan: stored.plan, steps: await stepsOf(db, number), waitingFor: null, offers: [] });
}

export const runs: Command = {
  name: "runs",
  usage: "runs [app|run] [--all]",
  summary: "What was carried out lately and how it ended, or one run with its evidence",
  examples: ["runs", "runs api", "runs R12"],
  permission: "run:read",
  positionals: ["what"],
  flags: { all: { type: "boolean" } },
  async scope(args, { incident }, { config, db }) {
    const what = args["what"];
    if (isRun(what)) {
      const run = await runByNumber(db, runNumber(what));
      return { app: run?.app, environment: run?.environment };
    }
    return { app: what === undefined ? (incident?.app ?? undefined) : findApp(config.apps, what).name };
  },
  async run(args, { incident }, uses) {
    const what = args["what"];
    if (isRun(what)) return { to: "asker", view: await oneRun(runNumber(what), uses) };
    const app = what ?? incident?.app ?? undefined;
    const found = await listRuns(uses.db, { app, limit: args["all"] === "true" ? 100 : 10 });
    if (found.length === 0)
      return {
        to: "asker",
        view: line(app === undefined ? "Nothing has been run yet." : `Nothing has been run for ${app} yet.`),
      };
    const plans = await Promise.all(found.map((run) => planByNumber(uses.db, run.plan)));
    const rows = found.map((run, index) => [
      `R${run.number}`,
      runEnd(run),
      plans[index]?.plan.title ?? "",
      actorName(run.actor),
      run.created_at.toISOString().slice(0, 16).replace("T", " "),
    ]);
    return {
      to: "asker",
      view: page("Runs", table(["Run", "Ended", "What", "Asked by", "When (UTC)"], rows)),
    };
  },
};

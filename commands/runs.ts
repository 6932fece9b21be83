import { actorName } from "../src/domain/actor.ts";
import { findApp } from "../src/engine/commands/apps.ts";
import { audienceOf, findRun } from "../src/engine/audience.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { line, page, table } from "../src/engine/page.ts";
import { runNumber } from "../src/engine/commands/references.ts";
import { runEnd, runView } from "../src/engine/runs/run-view.ts";
import { runScopes, seenRuns } from "../src/engine/runs/seen-runs.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { approvalsOf, planByNumber } from "../src/store/plans.ts";
import { listRuns, stepsOf } from "../src/store/runs.ts";
import type { Row } from "../src/store/tables.ts";

const isRun = (text: string | undefined): boolean => /^r?\d+$/i.test(text ?? "");

async function oneRun(run: Row<"run">, { db }: Pick<UseCases, "db">) {
  const { plan } = (await planByNumber(db, run.plan))!;
  const [steps, approvals] = await Promise.all([stepsOf(db, run.number), approvalsOf(db, run.plan)]);
  return runView({ run, plan, steps, approvals, waitingFor: null, offers: [] });
}

export const runs: Command = {
  name: "runs",
  usage: "runs [app|run] [--all]",
  summary: "What was carried out lately and how it ended, or one run with its evidence",
  examples: ["runs", "runs api", "runs R12"],
  permission: "run:read",
  positionals: ["what"],
  flags: { all: { type: "boolean" } },
  async scope(args, { incident, invocation }, { config, db }) {
    const what = args["what"];
    if (isRun(what)) return runScopes(db, await findRun(db, runNumber(what), invocation.place));
    const app = what ?? incident?.app ?? undefined;
    // The list shows what the asker may see.
    return app === undefined ? "anywhere" : { app: findApp(config.apps, app).name };
  },
  async run(args, { actor, incident, invocation: { place } }, uses) {
    const what = args["what"];
    if (isRun(what))
      return { to: "asker", view: await oneRun(await findRun(uses.db, runNumber(what), place), uses) };
    const app = what ?? incident?.app ?? undefined;
    const all = await listRuns(uses.db, { app, audience: audienceOf(place), limit: 100 });
    const visible = await seenRuns(uses.db, uses.authorizer, actor, all);
    const found = visible.slice(0, args["all"] === "true" ? 100 : 10);
    if (found.length === 0)
      return {
        to: "asker",
        view: line(app === undefined ? "Nothing has been run yet." : `Nothing has been run for ${app} yet.`),
      };
    const rows = found.map(({ run, plan }) => [
      `R${run.number}`,
      runEnd(run),
      plan.title,
      actorName(run.actor),
      run.created_at.toISOString().slice(0, 16).replace("T", " "),
    ]);
    return {
      to: "asker",
      view: page("Runs", table(["Run", "Ended", "What", "Asked by", "When (UTC)"], rows)),
    };
  },
};

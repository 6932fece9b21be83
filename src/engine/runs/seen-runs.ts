import type { Actor } from "../../domain/actor.ts";
import { type Plan, type PlannedScope, planScopes } from "../../domain/plan.ts";
import type { Queries } from "../../store/database.ts";
import { planByNumber } from "../../store/plans.ts";
import type { Row } from "../../store/tables.ts";
import { mayAll } from "../visible.ts";
import type { Authorizer } from "../authorizer.ts";

/** Everything a run is about, which whoever reads or stops it needs the right to. */
export async function runScopes(db: Queries, { plan }: Pick<Row<"run">, "plan">): Promise<PlannedScope[]> {
  // A run has a plan: its row refers to it.
  return planScopes((await planByNumber(db, plan))!.plan);
}

interface SeenRun {
  run: Row<"run">;
  plan: Plan;
}

/** Of these runs, with their plans, those that somebody may see for everything they are about. */
export async function seenRuns(
  db: Queries,
  authorizer: Pick<Authorizer, "allows">,
  actor: Actor,
  runs: readonly Row<"run">[],
): Promise<SeenRun[]> {
  const found = await Promise.all(
    runs.map(async (run): Promise<SeenRun[]> => {
      const { plan } = (await planByNumber(db, run.plan))!;
      return (await mayAll(authorizer, actor, "run:read", planScopes(plan))) ? [{ run, plan }] : [];
    }),
  );
  return found.flat();
}

import type { Logger } from "pino";
import { targetKey } from "../../domain/app.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Verdict } from "../../domain/run.ts";
import type { Button } from "../../domain/view.ts";
import { templateDigest } from "../../domain/pod-template.ts";
import type { Database } from "../../store/database.ts";
import { healthOf } from "../../store/health.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { mayHaveWritten, stepsOf } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import type { Planner } from "../plans/planner.ts";

export interface NextStepsOptions {
  db: Database;
  planner: Pick<Planner, "context">;
  log: Logger;
}

/** Going on from each verdict: never by itself, always as an offer. */
const after: Record<Verdict, { older: boolean; back: boolean }> = {
  cured: { older: false, back: false },
  "not-cured": { older: true, back: true },
  "effect-unknown": { older: false, back: true },
  stuck: { older: true, back: true },
};

/** What to offer when a run has ended: an older healthy release, the way back, or a look at what else may be wrong. */
export function createNextSteps({
  db,
  planner,
  log,
}: NextStepsOptions): (run: Row<"run">, plan: Plan) => Promise<Button[]> {
  /** The newest recorded-healthy release older than the one that runs now. */
  async function olderHealthy(run: Row<"run">): Promise<number | undefined> {
    const where = await planner.context({
      app: run.app,
      environment: run.environment,
      actor: run.actor,
    });
    const workload = await where.cluster.workload(where.target);
    const revisions = await where.cluster.revisions(workload);
    const healthy = new Set(
      (await healthOf(db, targetKey(where.target)))
        .filter((row) => row.healthy_at !== null && (row.bad_at === null || row.bad_at < row.healthy_at))
        .map((row) => row.template),
    );
    const current = templateDigest(workload.template);
    // By age, not by number: going back to a release gives it a new number, and the one just left is no way out.
    const now = revisions.find((revision) => revision.current);
    return revisions
      .filter(
        (revision) =>
          templateDigest(revision.template) !== current &&
          (now === undefined || revision.createdAt < now.createdAt),
      )
      .findLast((revision) => healthy.has(templateDigest(revision.template)))?.number;
  }

  /** Users no longer hurt: what is left is to say so. */
  async function closingButtons({ incident: number }: Row<"run">): Promise<Button[]> {
    const incident = number === null ? undefined : await incidentByNumber(db, number);
    if (incident === undefined || incident.status === "resolved") return [];
    return [
      ...(incident.status === "open"
        ? [{ label: "Mitigate", command: `mitigate --incident ${number}`, style: "primary" } as const]
        : []),
      {
        label: "Resolve",
        command: `resolve --incident ${number}`,
        confirm: {
          title: "Resolve this incident?",
          text: "PagerDuty follows. It can be reopened.",
          yes: "Resolve",
        },
      },
    ];
  }

  /** Steps whose conditions did not hold have changed nothing. */
  async function leftSomething({ number }: Row<"run">): Promise<boolean> {
    const rows = await stepsOf(db, number);
    return rows.some((row) => mayHaveWritten(row) && row.document.inverse !== null);
  }

  return async (run, plan) => {
    if (run.verdict === null || run.verdict === "cured") {
      const closing = run.verdict === "cured" ? await closingButtons(run) : [];
      return [
        ...closing,
        ...(run.outcome === "succeeded" && plan.undoes === null && (await leftSomething(run))
          ? [undoButton(run)]
          : []),
      ];
    }
    const { older, back } = after[run.verdict];
    const revision = older
      ? await olderHealthy(run).catch((err: unknown) => {
          log.info({ err, run: run.number }, "older releases not known");
          return undefined;
        })
      : undefined;
    return [
      ...(revision === undefined
        ? []
        : [
            {
              label: `Roll back to ${revision}`,
              command: `rollback ${run.app} --env ${run.environment} --to ${revision}`,
            },
          ]),
      { label: "Releases", command: `history ${run.app} --env ${run.environment}` },
      { label: "Status", command: `status ${run.app} --env ${run.environment}` },
      ...(back ? [undoButton(run)] : []),
    ];
  };
}

function undoButton(run: Row<"run">): Button {
  return { label: `Undo R${run.number}`, command: `undo R${run.number}` };
}

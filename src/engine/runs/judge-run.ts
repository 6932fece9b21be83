import type { Plan, PlannedStep } from "../../domain/plan.ts";
import type { Outcome, Verdict } from "../../domain/run.ts";
import { mayHaveWritten, type StepEnd } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import type { Observation } from "../playbooks/action.ts";

export interface RunEnd {
  outcome: Outcome;
  verdict: Verdict | null;
  detail: string | null;
}

/** Verifying steps all have their say; any other that did not succeed ends the run, unless it may fail. */
export function goesOn(step: Pick<PlannedStep, "verifies" | "continueOnFailure">, outcome: Outcome): boolean {
  if (outcome === "succeeded" || outcome === "skipped") return true;
  return (step.verifies || step.continueOnFailure) && outcome !== "stopped";
}

/** How a step ended, from what the world said last. */
export function ended(seen: Exclude<Observation, { state: "pending" }>): StepEnd {
  switch (seen.state) {
    case "done":
      return { outcome: "succeeded", detail: null, evidence: seen.evidence, found: seen.values };
    case "failed":
      return { outcome: "failed", detail: seen.detail, evidence: seen.evidence, found: seen.values };
    case "diverged":
      return { outcome: "unknown", detail: seen.detail, evidence: [] };
    case "unknown":
      return { outcome: "unknown", detail: seen.detail, evidence: [], found: seen.values };
  }
}

type Rows = ReadonlyMap<string, Row<"run_step">>;

function outcomeOf(rows: Rows, step: PlannedStep): Outcome {
  return rows.get(step.id)?.outcome ?? "unknown";
}

/** What a whole run comes to. A change counts as a success only on the evidence of the steps that verify it. */
export function judge(plan: Plan, steps: readonly Row<"run_step">[]): RunEnd {
  const rows: Rows = new Map(steps.map((step) => [step.step, step]));
  const changed = steps.some(mayHaveWritten);
  const broken = worstBroken(plan, rows);
  if (broken) return judgeBroken(outcomeOf(rows, broken), rows.get(broken.id)?.detail ?? null, changed);
  return judgeChecks(
    plan.steps.filter((step) => step.verifies),
    rows,
    changed,
  );
}

/** From the one that says least about the world to the one that says most. */
const worstFirst: readonly Outcome[] = ["unknown", "failed", "refused", "stopped"];

/** The step that ended the run before its checks: of several side by side the worst, and never one that was not begun. */
function worstBroken(plan: Plan, rows: Rows): PlannedStep | undefined {
  const broken = plan.steps.filter((step) => !step.verifies && !goesOn(step, outcomeOf(rows, step)));
  const begun = broken.filter(({ id }) => rows.has(id));
  const worst = worstFirst.find((outcome) => begun.some((step) => outcomeOf(rows, step) === outcome));
  return begun.find((step) => outcomeOf(rows, step) === worst) ?? broken[0];
}

/** A step before the checks did not succeed. */
function judgeBroken(outcome: Outcome, detail: string | null, changed: boolean): RunEnd {
  const verdict: Partial<Record<Outcome, Verdict>> = changed
    ? { failed: "stuck", unknown: "effect-unknown" }
    : {};
  return { outcome, verdict: verdict[outcome] ?? null, detail: whatStands(detail, changed, outcome) };
}

/** The change was made; the worst of the checks decides. */
function judgeChecks(checks: readonly PlannedStep[], rows: Rows, changed: boolean): RunEnd {
  const worst = (["stopped", "failed", "unknown"] as const).find((outcome) =>
    checks.some((step) => outcomeOf(rows, step) === outcome),
  );
  if (worst === undefined)
    return { outcome: "succeeded", verdict: checks.length > 0 && changed ? "cured" : null, detail: null };
  const found = checks.find((step) => outcomeOf(rows, step) === worst);
  const detail = found === undefined ? null : (rows.get(found.id)?.detail ?? null);
  const verdict = { stopped: null, failed: "not-cured", unknown: "effect-unknown" } as const;
  return { outcome: worst, verdict: verdict[worst], detail: whatStands(detail, changed, worst) };
}

/** Somebody who stops a run must know what it leaves behind. */
function whatStands(detail: string | null, changed: boolean, outcome: Outcome): string | null {
  if (outcome !== "stopped") return detail;
  const stands = changed ? "What it had changed stays as it is." : "Nothing was changed.";
  return detail === null ? stands : `${detail.replace(/[.\s]*$/, ".")} ${stands}`;
}

import type { Frame, PlannedStep } from "../../domain/plan.ts";
import type { Outcome } from "../../domain/run.ts";
import type { Row } from "../../store/tables.ts";
import { variablesOf } from "../plans/expand.ts";
import { evaluate } from "../playbooks/expressions.ts";
import type { Json } from "../ports.ts";

/** How several steps that stand for one ended: as the worst of them. */
const worstFirst: readonly Outcome[] = ["unknown", "failed", "refused", "stopped", "succeeded", "skipped"];

function seen(row: Row<"run_step">) {
  const values = (row.found ?? null) as Json;
  const answer =
    values !== null && typeof values === "object" && !Array.isArray(values)
      ? (values["answer"] ?? null)
      : null;
  const evidence = row.evidence.map(({ what }) => what);
  return { outcome: row.outcome ?? "unknown", detail: row.detail, evidence, values, answer };
}

/** One step of a playbook as later ones see it: `outcome`, `evidence`, `values`, `answer`, and `items` of a `for_each`. */
function stepValue(id: string, rows: readonly Row<"run_step">[]): Json {
  const own = rows.filter(
    ({ step }) => step === id || step.startsWith(`${id}.`) || step.startsWith(`${id}/`),
  );
  const [first] = own;
  if (first === undefined)
    return { outcome: "skipped", detail: null, evidence: [], values: null, answer: null, items: [] };
  if (first.step === id) return { ...seen(first), items: [] };
  const outcome = worstFirst.find((one) => own.some((row) => row.outcome === one)) ?? "unknown";
  return { outcome, detail: null, evidence: [], values: null, answer: null, items: own.map(seen) };
}

/** Everything an expression may name when the run gets there. Steps that were left out count as skipped. */
export function runVariables(frame: Frame, rows: readonly Row<"run_step">[]): Record<string, Json> {
  const steps = Object.fromEntries(frame.steps.map((id) => [id, stepValue(`${frame.prefix}${id}`, rows)]));
  return { ...variablesOf(frame), steps };
}

/** The condition for which a step is left out, now that the steps before it have ended; null: it is carried out. */
export function conditionAgainst({ later }: PlannedStep, rows: readonly Row<"run_step">[]): string | null {
  const failing = later?.when.find(
    ({ expression, frame }) => evaluate(expression, runVariables(frame, rows)) !== true,
  );
  return failing?.expression ?? null;
}

import type { Playbook, SingleStep, Step } from "../../domain/playbook.ts";
import type { Json, JsonObject } from "../ports.ts";

/** The actions that stand for the kinds of step that people answer, and for waiting. */
export const builtIn = {
  ask: "ask",
  checklist: "checklist",
  approval: "approval",
  wait_until: "wait-until",
} as const;

export type Work =
  | { do: "act"; action: string; with: JsonObject }
  | { do: "call"; playbook: string; with: JsonObject };

/** A step as the engine knows it: every kind is an action or a call, and what comes before it is named. */
export interface FlatStep {
  id: string;
  title: string | null;
  app: string | null;
  /** All of them must be true. */
  when: string[];
  forEach: Json[] | string | null;
  needs: string[];
  /** ms */
  timeout: number;
  retry: { times: number; everyMs: number } | null;
  continueOnFailure: boolean;
  /** ms */
  opens: number | null;
  compensate: { action: string; with: JsonObject } | null;
  runbook: string[];
  verifies: boolean;
  work: Work;
  /** Where it stands in the document. */
  path: readonly (string | number)[];
}

/** ms; people sleep, machines do not. */
const patience = { machine: 600_000, people: 86_400_000 };

function workOf(step: SingleStep): Work {
  if (step.call !== undefined) return { do: "call", playbook: step.call, with: step.with ?? {} };
  if (step.wait_until !== undefined) {
    // Its condition is judged at each look and may compare with what the playbook was started with.
    const variables = { inputs: "${{ inputs }}", app: "${{ app }}", environment: "${{ environment }}" };
    return { do: "act", action: builtIn.wait_until, with: { ...step.wait_until, variables } };
  }
  for (const key of ["ask", "checklist", "approval"] as const) {
    const given = step[key];
    if (given !== undefined) return { do: "act", action: builtIn[key], with: given as unknown as JsonObject };
  }
  return { do: "act", action: step.action ?? "", with: step.with ?? {} };
}

function timeoutOf({ timeout, ask, checklist, approval }: SingleStep): number {
  return timeout ?? ((ask ?? checklist ?? approval) === undefined ? patience.machine : patience.people);
}

type Place = Pick<FlatStep, "needs" | "verifies" | "path"> & { when?: string | undefined };

function flat(step: SingleStep, { when, ...place }: Place): FlatStep {
  const { id, title = null, app = null, for_each: forEach = null, retry, compensate = null } = step;
  return {
    id,
    title,
    app,
    when: [when, step.when].filter((condition) => condition !== undefined),
    forEach,
    timeout: timeoutOf(step),
    retry: retry === undefined ? null : { times: retry.times, everyMs: retry.every },
    continueOnFailure: step.continue_on_failure,
    opens: step.opens ?? null,
    compensate,
    runbook: step.runbook,
    work: workOf(step),
    ...place,
  };
}

function together(step: Step, needs: string[], path: readonly (string | number)[]): FlatStep[] {
  const { parallel, when } = step;
  if (parallel === undefined) return [flat(step, { needs, verifies: false, path })];
  return parallel.map((one, index) =>
    flat(one, { when, needs: one.needs ?? needs, verifies: false, path: [...path, "parallel", index] }),
  );
}

/** Every step of a playbook, in the order in which it is written; a `parallel` is the steps in it. */
export function flatSteps({ steps, verify }: Pick<Playbook, "steps" | "verify">): FlatStep[] {
  const members = new Map<string, string[]>();
  const all: FlatStep[] = [];
  let before: string[] = [];
  const named = (needs: readonly string[]): string[] => needs.flatMap((id) => members.get(id) ?? [id]);
  for (const [index, step] of steps.entries()) {
    const added = together(step, step.needs ?? before, ["steps", index]);
    before = added.map(({ id }) => id);
    members.set(step.id, before);
    all.push(...added);
  }
  const done = all.map((step) => ({ ...step, needs: named(step.needs) }));
  const main = done.map(({ id }) => id);
  return [
    ...done,
    ...verify.map((step, index) =>
      flat(step, {
        // One after the other, when all else is done.
        needs: index === 0 ? main : [verify[index - 1]!.id],
        verifies: true,
        path: ["verify", index],
      }),
    ),
  ];
}

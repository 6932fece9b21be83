import type { Playbook, SingleStep, Step } from "../../domain/playbook.ts";
import type { Claim, Deviation } from "./coverage.ts";
import type { RunbookNotes } from "./runbook-notes.ts";

type Claiming = Pick<Playbook, "metadata" | "steps" | "verify"> & { file: string };

/** What a step does by itself is automatic; where people answer, tick or agree, crai assists. */
function howOf(step: Step | SingleStep): Claim["coverage"] {
  return (step.ask ?? step.checklist ?? step.approval) ? "assisted" : "automatic";
}

/** A check that looks whether people have done it does not do it. */
function howOfItem(check: { action: string } | undefined): Claim["coverage"] {
  return check === undefined || check.action === "incident-fact" ? "assisted" : "automatic";
}

function claimsOfStep(step: Step, { metadata, file }: Claiming): Claim[] {
  const { name, nextReview } = metadata;
  const claim = (item: string, coverage: Claim["coverage"]): Claim => ({
    item,
    coverage,
    by: `${name} › ${step.id}`,
    at: `${file} (${step.id})`,
    nextReview,
  });
  return [
    ...step.runbook.map((item) => claim(item, howOf(step))),
    ...(step.checklist?.items ?? []).flatMap(({ runbook, check }) =>
      runbook.map((item) => claim(item, howOfItem(check))),
    ),
    ...(step.parallel ?? []).flatMap((inner) =>
      claimsOfStep(inner, { metadata, file, steps: [], verify: [] }),
    ),
  ];
}

/** What the steps of playbooks say they carry out. */
export function claimsOf(playbooks: Iterable<Claiming>): Claim[] {
  return [...playbooks].flatMap((playbook) =>
    [...playbook.steps, ...playbook.verify].flatMap((step) => claimsOfStep(step, playbook)),
  );
}

/** What the notes on a runbook say beside its playbooks. */
export function claimsOfNotes({ covered, manual }: RunbookNotes, file: string): Claim[] {
  return [
    ...covered.map(({ item, command, rule, how }, index): Claim => ({
      item,
      coverage: how,
      by: command === undefined ? `alert ${rule}` : `/crai ${command}`,
      at: `${file} (covered.${index})`,
      nextReview: null,
    })),
    ...manual.map(({ item, why }, index): Claim => ({
      item,
      coverage: "manual",
      by: why,
      at: `${file} (manual.${index})`,
      nextReview: null,
    })),
  ];
}

export function deviationsOf({ deviations }: RunbookNotes, file: string): Deviation[] {
  return deviations.map((deviation, index) => ({ ...deviation, at: `${file} (deviations.${index})` }));
}

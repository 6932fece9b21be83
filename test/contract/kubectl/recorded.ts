import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Scenario, Step } from "./session.ts";

/** What was seen on a real control plane, and which one that was. */
interface Recording {
  server: string;
  kubectl: string;
  steps: Step[];
}

function fileOf({ name }: Scenario): string {
  return join(import.meta.dirname, "../recorded", `kubectl-${name.replaceAll(" ", "-")}.json`);
}

export function readRecording(scenario: Scenario): Recording {
  const file = fileOf(scenario);
  if (!existsSync(file)) {
    throw new Error(`${file} is missing: record it with CRAI_RECORD=1 and KUBEBUILDER_ASSETS set.`);
  }
  return JSON.parse(readFileSync(file, "utf8")) as Recording;
}

/** Keeps also the progress that earlier recordings saw: no single run sees all of it. */
export function writeRecording(scenario: Scenario, recording: Recording): void {
  const earlier = existsSync(fileOf(scenario)) ? readRecording(scenario).steps : [];
  const steps = recording.steps.map((step, index) => {
    const seen = earlier[index]?.command === step.command ? (earlier[index].progress ?? []) : [];
    return step.progress ? { ...step, progress: [...new Set([...step.progress, ...seen])].sort() } : step;
  });
  writeFileSync(fileOf(scenario), `${JSON.stringify({ ...recording, steps }, null, 2)}\n`);
}

/** Every form of progress that was ever recorded: what a cluster says on the way must be one of these. */
export function recordedProgress(scenarios: Scenario[]): Set<string> {
  const steps = scenarios.flatMap((scenario) => readRecording(scenario).steps);
  return new Set(steps.flatMap(({ progress }) => progress ?? []));
}

/** The steps with only that progress in them that no recording has. */
export function withNewProgress(steps: Step[], known: Set<string>): Step[] {
  return steps.map(({ progress, ...step }) =>
    progress ? { ...step, progress: progress.filter((form) => !known.has(form)) } : step,
  );
}

import type { App } from "../../domain/app.ts";
import { UserError } from "../../domain/errors.ts";
import type { Frame, Inverse, PlannedScope, PlannedStep } from "../../domain/plan.ts";
import { evaluate, resolve, resolveText } from "../playbooks/expressions.ts";
import type { FlatStep } from "../playbooks/flat-steps.ts";
import type { LoadedPlaybook, Playbooks } from "../playbooks/loaded.ts";
import { inputOfType, readInputs } from "../playbooks/read-inputs.ts";
import { mentions, mentionsAnywhere } from "../playbooks/references.ts";
import type { Json, JsonObject } from "../ports.ts";

/** A step with everything resolved that can be before the run; calls and `for_each` are written out. */
export interface ConcreteStep extends Pick<
  PlannedStep,
  "id" | "needs" | "timeout" | "retry" | "continueOnFailure" | "opens" | "runbook" | "verifies" | "later"
> {
  title: string | null;
  about: PlannedScope;
  action: string;
  with: JsonObject;
  compensate: Omit<Inverse, "title"> | null;
  locks: boolean;
}

export interface World {
  apps: Record<string, App>;
  playbooks: Playbooks;
}

/** One playbook in a plan: the one that was asked for, or one that it calls. */
interface Part {
  playbook: LoadedPlaybook;
  frame: Frame;
  /** What comes before its first steps. */
  needs: string[];
  /** From outside, for all of its steps. */
  conditions: NonNullable<PlannedStep["later"]>["when"];
  top: boolean;
}

/** Steps of one plan; more would be no plan that a person reads. */
const MOST = 200;

export function variablesOf({ inputs, item, app, environment }: Frame): Record<string, Json> {
  return { inputs, item, app, environment };
}

function listOf(step: FlatStep, frame: Frame): Json[] {
  const { forEach } = step;
  const list =
    typeof forEach === "string" ? evaluateAny(forEach, frame) : resolve(forEach, variablesOf(frame));
  if (Array.isArray(list)) return list;
  throw new UserError(`${step.id}: for_each is no list.`, {
    why: `It is ${JSON.stringify(list)}.`,
    next: "Give the values it is made for, or correct the playbook.",
  });
}

/** An expression with or without its braces. */
function evaluateAny(expression: string, frame: Frame): Json {
  return expression.includes("${{")
    ? resolve(expression, variablesOf(frame))
    : evaluate(expression, variablesOf(frame));
}

function aboutOf(step: FlatStep, frame: Frame): PlannedScope {
  const { environment } = frame;
  if (step.app === null) return { app: frame.app, environment };
  return { app: resolveText(step.app, variablesOf(frame)), environment };
}

function concrete(step: FlatStep & { id: string }, part: Part, frame: Frame): ConcreteStep {
  const { work, compensate } = step;
  const given = work.with;
  const isLater = mentionsAnywhere(given, "steps");
  const when = step.when
    .filter((expression) => mentions(expression, "steps"))
    .map((expression) => ({ expression, frame }));
  const conditions = [...part.conditions, ...when];
  return {
    id: step.id,
    needs: step.needs,
    title: step.title === null ? null : resolveText(step.title, variablesOf(frame)),
    about: aboutOf(step, frame),
    action: work.do === "act" ? work.action : "",
    with: isLater ? given : (resolve(given, variablesOf(frame)) as JsonObject),
    later: conditions.length === 0 && !isLater ? null : { when: conditions, with: isLater ? frame : null },
    timeout: step.timeout,
    retry: step.retry,
    continueOnFailure: step.continueOnFailure,
    ...(step.opens !== null && { opens: step.opens }),
    compensate:
      compensate === null
        ? null
        : {
            action: compensate.action,
            with: resolve(compensate.with, variablesOf(frame)) as JsonObject,
          },
    runbook: step.runbook,
    verifies: step.verifies && part.top,
    locks: part.playbook.lock === "targets",
  };
}

/** The playbook that a step calls, as a part of the same plan. */
function called(step: FlatStep, part: Part, { apps, playbooks }: World): Part {
  const name = step.work.do === "call" ? step.work.playbook : "";
  const playbook = playbooks.get(name);
  if (playbook === undefined)
    throw new UserError(`There is no playbook "${name}".`, {
      why: `Step ${step.id} calls it.`,
      next: "Whoever keeps the playbook can correct it.",
    });
  const { frame } = part;
  const given = resolve(step.work.with, variablesOf(frame)) as Record<string, Json>;
  const about = aboutOf(step, frame);
  const [app, environment] = [
    inputOfType(playbook.inputs, "app"),
    inputOfType(playbook.inputs, "environment"),
  ];
  const inputs = readInputs(
    playbook,
    {
      ...(app !== undefined && { [app]: about.app }),
      ...(environment !== undefined && { [environment]: about.environment }),
      ...given,
    },
    apps,
  );
  return {
    playbook,
    needs: step.needs,
    conditions: [
      ...part.conditions,
      ...step.when
        .filter((expression) => mentions(expression, "steps"))
        .map((expression) => ({ expression, frame })),
    ],
    frame: {
      inputs,
      item: null,
      app: app === undefined ? about.app : ((inputs[app] ?? null) as string | null),
      environment:
        environment === undefined ? about.environment : ((inputs[environment] ?? null) as string | null),
      prefix: `${step.id}/`,
      steps: playbook.flat.map(({ id }) => id),
    },
    top: false,
  };
}

function isLeftOut(step: FlatStep, frame: Frame): boolean {
  return step.when.some(
    (expression) => !mentions(expression, "steps") && evaluate(expression, variablesOf(frame)) !== true,
  );
}

/** All steps of a part, calls written out, in an order in which each comes after what it needs. */
export function expand(part: Part, world: World): ConcreteStep[] {
  const { playbook, frame } = part;
  const all: ConcreteStep[] = [];
  /** The planned steps that stand for one of the playbook; for one that is left out, those before it. */
  const ends = new Map<string, string[]>();
  for (const step of playbook.flat) {
    const needs = step.needs.length === 0 ? part.needs : step.needs.flatMap((id) => ends.get(id) ?? []);
    const made = copies(step, frame).flatMap(({ id, frame: own }): ConcreteStep[] => {
      const here = { ...step, id: `${frame.prefix}${id}`, needs: [...new Set(needs)] };
      if (isLeftOut(here, own)) return [];
      if (step.work.do === "act") return [concrete(here, part, own)];
      return expand(called(here, { ...part, frame: own }, world), world);
    });
    ends.set(step.id, made.length === 0 ? needs : made.map(({ id }) => id));
    all.push(...made);
  }
  if (all.length > MOST)
    throw new UserError(`${playbook.metadata.name} comes to ${all.length} steps.`, {
      why: `A plan has at most ${MOST}.`,
      next: "Start it for fewer at once.",
    });
  return all;
}

function copies(step: FlatStep, frame: Frame): { id: string; frame: Frame }[] {
  if (step.forEach === null) return [{ id: step.id, frame }];
  return listOf(step, frame).map((item, index) => ({
    id: `${step.id}.${index + 1}`,
    frame: { ...frame, item },
  }));
}

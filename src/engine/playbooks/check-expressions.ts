import { isUserError } from "../../domain/errors.ts";
import type { Input, Playbook } from "../../domain/playbook.ts";
import type { Problem } from "../parse-yaml.ts";
import type { Json, JsonObject } from "../ports.ts";
import { compile, evaluate, expressionsIn } from "./expressions.ts";
import { builtIn, type FlatStep } from "./flat-steps.ts";
import type { Actions } from "./loaded.ts";
import { type Reference, referencesOf } from "./references.ts";

type Path = readonly (string | number)[];

/** What an expression may name at its place. */
interface Allowed {
  inputs: Readonly<Record<string, Input>>;
  item: boolean;
  /** Steps that have ended when it is evaluated; null: it is evaluated before the run. */
  steps: ReadonlySet<string> | null;
  /** Those of them that somebody answers in free text. */
  free: ReadonlySet<string>;
  facts: readonly string[] | null;
  /** Free text may not be named. */
  typed: boolean;
}

interface Found {
  text: string;
  path: Path;
  allowed: Allowed;
}

function keyProblem(what: string, key: string | null, known: readonly string[]): string | null {
  if (key === null) return `name one of ${what} (${known.join(", ") || "there are none"}), not all of them`;
  if (known.includes(key)) return null;
  return `there is no ${what}.${key}; there ${known.length === 0 ? "are none" : `is ${known.join(", ")}`}`;
}

function stepProblem(key: string | null, { steps, free, typed }: Allowed): string | null {
  if (steps === null) return "`steps` is known only when the run gets there, and this is decided before";
  if (key !== null && free.has(key) && typed)
    return `the answer to ${key} is free text, which may not reach a parameter of an action`;
  return key !== null && !steps.has(key)
    ? `${key} is no step that has ended by then: name it in \`needs\``
    : keyProblem("steps", key, [...steps]);
}

function referenceProblem({ root, key }: Reference, allowed: Allowed): string | null {
  const { inputs, item, facts, typed } = allowed;
  switch (root) {
    case "inputs":
      if (key !== null && inputs[key]?.type === "text" && typed)
        return `inputs.${key} is free text, which may not reach a parameter of an action`;
      return keyProblem("inputs", key, Object.keys(inputs));
    case "app":
    case "environment":
      return null;
    case "item":
      return item ? null : "`item` is known only in a step with for_each";
    case "steps":
      return stepProblem(key, allowed);
    case "facts":
      return facts === null ? "`facts` is known only in wait_until" : keyProblem("facts", key, facts);
    default:
      return `there is no ${root}; there is inputs, app, environment${allowed.steps === null ? "" : ", steps"}${item ? ", item" : ""}`;
  }
}

/** Combinations of inputs that are tried for one condition. */
const MOST_TRIED = 256;

/** All values an input can have; null: too many to say. */
function valuesOf({ type, values, list, required, default: given }: Input): Json[] | null {
  if (list || (type !== "enum" && type !== "boolean")) return null;
  const all: Json[] = type === "boolean" ? [true, false] : [...(values ?? [])];
  return required || given !== undefined ? all : [...all, null];
}

/** Every combination of the inputs that a condition names; null: it names something else, or there are too many. */
function worldsOf(references: readonly Reference[], { inputs }: Allowed): Record<string, Json>[] | null {
  let worlds: Record<string, Json>[] = [{}];
  for (const key of new Set(references.map((one) => (one.root === "inputs" ? one.key : null)))) {
    const input = key === null ? undefined : inputs[key];
    const values = input === undefined ? null : valuesOf(input);
    if (key === null || values === null || worlds.length * values.length > MOST_TRIED) return null;
    worlds = worlds.flatMap((world) => values.map((value) => ({ ...world, [key]: value })));
  }
  return worlds;
}

/** A condition that is true of no value of its inputs: a misspelt choice is found so, too. */
function neverProblem({ text, path, allowed }: Found, references: readonly Reference[]): Problem[] {
  if (path.at(-1) !== "when") return [];
  const worlds = worldsOf(references, allowed);
  if (worlds === null || worlds.some((inputs) => evaluate(text, { inputs }) === true)) return [];
  return [{ path, message: "it is never true: the step cannot be reached" }];
}

function problemsOf(found: Found): Problem[] {
  const { text, path, allowed } = found;
  try {
    compile(text);
    const references = referencesOf(text);
    const messages = new Set(references.flatMap((reference) => referenceProblem(reference, allowed) ?? []));
    return [
      ...[...messages].map((message) => ({ path, message: `in "${text.trim()}": ${message}` })),
      // Where it names what there is not, that is said already.
      ...(messages.size > 0 ? [] : neverProblem(found, references)),
    ];
  } catch (error) {
    if (!isUserError(error)) throw error;
    return [{ path, message: `${error.message}: ${error.why}` }];
  }
}

function templates(value: Json | null, path: Path, allowed: Allowed): Found[] {
  return expressionsIn(value).map((text) => ({ text, path, allowed }));
}

/** Every step that has ended when a step begins. */
function endedBefore(steps: readonly FlatStep[]): Map<string, Set<string>> {
  const ended = new Map<string, Set<string>>();
  for (const { id, needs } of steps)
    ended.set(id, new Set(needs.flatMap((need) => [need, ...(ended.get(need) ?? [])])));
  return ended;
}

function isFreeAnswer({ work }: FlatStep): boolean {
  if (work.do !== "act" || work.action !== builtIn.ask) return false;
  const { answer } = work.with as { answer?: { type?: string } };
  return answer?.type === "text";
}

/** Expressions of one kind of work, by what each may name. */
function workExpressions({ work, path }: FlatStep, base: Allowed, actions: Actions): Found[] {
  if (work.do === "call") return templates(work.with, [...path, "with"], { ...base, steps: null });
  const action = actions.get(work.action);
  if (work.action === builtIn.wait_until) {
    const { facts, until } = work.with as unknown as { facts: JsonObject; until: string };
    const here = [...path, "wait_until"];
    return [
      { text: until, path: [...here, "until"], allowed: { ...base, steps: null, facts: Object.keys(facts) } },
      ...templates(facts, [...here, "facts"], { ...base, steps: null, typed: true }),
    ];
  }
  const key = Object.entries(builtIn).find(([, name]) => name === work.action)?.[0] ?? "with";
  const steps = action?.apply === undefined ? base.steps : null;
  // A button's command is read as if somebody had typed it.
  const offers = key === "checklist" ? (work.with["items"] as { offer?: string }[]) : [];
  const offered = offers.flatMap(({ offer = null }, index) =>
    templates(offer, [...path, key, "items", index, "offer"], { ...base, typed: true }),
  );
  return [
    ...offered,
    ...Object.entries(work.with).flatMap(([name, value]) => {
      const typed = action?.freeText?.includes(name) !== true;
      const here = { ...base, steps, typed };
      const at = [...path, key, name];
      const bare = key === "ask" && name === "options" && typeof value === "string" && !value.includes("${{");
      return bare ? [{ text: value, path: at, allowed: here }] : templates(value, at, here);
    }),
  ];
}

function stepExpressions(step: FlatStep, base: Allowed, actions: Actions): Found[] {
  const { path, forEach } = step;
  const before: Allowed = { ...base, steps: null };
  const list = typeof forEach === "string" && !forEach.includes("${{") ? [forEach] : expressionsIn(forEach);
  return [
    ...step.when.map((text) => ({ text, path: [...path, "when"], allowed: base })),
    ...list.map((text) => ({
      text,
      path: [...path, "for_each"],
      allowed: { ...before, item: false, typed: true },
    })),
    ...templates(step.title, [...path, "title"], before),
    ...templates(step.app, [...path, "app"], { ...before, typed: true }),
    ...(step.compensate === null
      ? []
      : templates(step.compensate.with, [...path, "compensate"], { ...before, typed: true })),
    ...workExpressions(step, base, actions),
  ];
}

/** Expressions that are none, name what there is not, or let free text go where it may not. */
export function checkExpressions(
  title: string,
  steps: readonly FlatStep[],
  inputs: Playbook["inputs"],
  actions: Actions,
): Problem[] {
  const free = new Set(steps.filter(isFreeAnswer).map(({ id }) => id));
  const ended = endedBefore(steps);
  const nothing: Allowed = { inputs, item: false, steps: null, free, facts: null, typed: false };
  const found = [
    ...templates(title, ["metadata", "title"], nothing),
    ...steps.flatMap((step) =>
      stepExpressions(
        step,
        { ...nothing, item: step.forEach !== null, steps: ended.get(step.id) ?? new Set() },
        actions,
      ),
    ),
  ];
  return found.flatMap(problemsOf);
}

import { z } from "zod";
import { isUserError } from "../../domain/errors.ts";
import type { Playbook } from "../../domain/playbook.ts";
import type { Problem } from "../parse-yaml.ts";
import type { Json, JsonObject } from "../ports.ts";
import type { Action } from "./action.ts";
import { expressionsIn } from "./expressions.ts";
import { builtIn, type FlatStep } from "./flat-steps.ts";
import { inputOfType } from "./read-inputs.ts";
import type { Actions } from "./loaded.ts";

type Path = readonly (string | number)[];

/** A use of an action somewhere in a step. */
interface Use {
  action: string;
  with: JsonObject;
  /** Where its name and its parameters stand. */
  path: Path;
  role: "step" | "check" | "fact" | "tick" | "compensation";
}

/** Under which key of the YAML the work of a step stands. */
function workPath({ work, path }: FlatStep): Path {
  const key = Object.entries(builtIn).find(([, action]) => work.do === "act" && action === work.action)?.[0];
  return key === undefined ? path : [...path, key];
}

interface Called {
  action: string;
  with?: JsonObject;
}

/** Every action that a step names. Those that stand for a question or a wait are checked by the schema. */
function usesOf(step: FlatStep): Use[] {
  const { work, compensate, path, verifies } = step;
  const uses: Use[] = [];
  const add = (call: Called, at: Path, role: Use["role"]): void =>
    void uses.push({ action: call.action, with: call.with ?? {}, path: at, role });
  if (compensate !== null) add(compensate, [...path, "compensate"], "compensation");
  if (work.do === "call") return uses;
  const at = workPath(step);
  if (work.action === builtIn.wait_until) {
    const facts = (work.with["facts"] ?? {}) as unknown as Record<string, Called>;
    for (const [name, call] of Object.entries(facts)) add(call, [...at, "facts", name], "fact");
  } else if (work.action === builtIn.checklist) {
    const items = work.with["items"] as unknown as { check?: Called }[];
    for (const [index, { check }] of items.entries())
      if (check !== undefined) add(check, [...at, "items", index, "check"], "tick");
  } else if (at === path) add(work, path, verifies ? "check" : "step");
  return uses;
}

/** Values without expressions are judged now; the others when the playbook is planned. */
function paramProblems({ params }: Action, { with: given, path }: Use): Problem[] {
  const at = [...path, "with"];
  if (expressionsIn(given).length === 0) {
    const issues = params.safeParse(given).error?.issues ?? [];
    return issues.flatMap(({ code, path: inside, message, ...issue }) =>
      code === "unrecognized_keys" && "keys" in issue
        ? issue.keys.map((key) => ({ path: [...at, ...inside, key], message }))
        : [{ path: [...at, ...inside], message }],
    );
  }
  if (!(params instanceof z.ZodObject)) return [];
  const known = Object.keys(params.shape);
  return Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => ({ path: [...at, key], message: `it takes ${known.join(", ") || "no parameters"}` }));
}

function roleProblem(action: Action, { role }: Use): string | null {
  const mutates = action.apply !== undefined;
  if (role === "compensation")
    return action.isHealthier === undefined
      ? `"${action.name}" cannot tell whether it puts back something healthier, and may not compensate by itself`
      : null;
  if (role === "step" || !mutates) return null;
  return `"${action.name}" changes things; ${role === "check" ? "verify" : role === "fact" ? "wait_until" : "a check"} may only look`;
}

type Owner = Pick<Playbook, "inputs" | "permission" | "permissions" | "risk">;

function placeProblem(action: Action, step: FlatStep, { inputs }: Owner): string | null {
  const scope = action.scope ?? "app";
  const app = step.app !== null || inputOfType(inputs, "app") !== undefined;
  const environment = inputOfType(inputs, "environment") !== undefined;
  if (scope === "app" && !app)
    return `"${action.name}" is about one app: add an input of type app, or \`app\` to the step`;
  if (scope === "app" && step.app !== null && inputOfType(inputs, "app") === undefined && !environment)
    return `"${action.name}" has to know the environment: add an input of type environment`;
  if ((scope === "environment" || scope === "cluster") && !app && !environment)
    return `"${action.name}" is about an environment: add an input of type environment`;
  return null;
}

function useProblems(use: Use, step: FlatStep, owner: Owner, actions: Actions): Problem[] {
  const named = [...use.path, "action"];
  const action = actions.get(use.action);
  if (action === undefined)
    return [
      {
        path: named,
        message: `there is no action "${use.action}"; there are ${[...actions.keys()].join(", ")}`,
      },
    ];
  const needs =
    action.scope !== "none" && ![owner.permission, ...owner.permissions].includes(action.permission);
  const messages = [
    roleProblem(action, use),
    placeProblem(action, step, owner),
    needs ? `"${action.name}" needs ${action.permission}, which \`permissions\` does not name` : null,
    owner.risk === "observe" && action.apply !== undefined
      ? `"${action.name}" changes things; a playbook of risk observe may only look`
      : null,
    use.role === "check" && (action.people !== undefined || action.name === builtIn.wait_until)
      ? "verify may only look"
      : null,
  ].filter((message) => message !== null);
  return [...messages.map((message) => ({ path: named, message })), ...paramProblems(action, use)];
}

/** Two steps of one name; needs that no run could ever meet. */
function orderProblems(steps: readonly FlatStep[]): Problem[] {
  const seen = new Set<string>();
  return steps.flatMap(({ id, needs, path }) => {
    const problems: Problem[] = [];
    if (id !== "" && seen.has(id))
      problems.push({ path: [...path, "id"], message: `two steps are named ${id}` });
    for (const need of new Set(needs)) {
      if (seen.has(need)) continue;
      const later = need === id || steps.some((step) => step.id === need);
      problems.push({
        path: [...path, "needs"],
        message: later
          ? `${need} does not come before ${id}: a cycle, or write it above`
          : `there is no step ${need}`,
      });
    }
    seen.add(id);
    return problems;
  });
}

/** What the schema cannot see: steps against the catalogue of actions, and against each other. */
export function checkSteps(steps: readonly FlatStep[], owner: Owner, actions: Actions): Problem[] {
  return [
    ...orderProblems(steps),
    ...steps.flatMap((step) => usesOf(step).flatMap((use) => useProblems(use, step, owner, actions))),
  ];
}

/** The problem of a value that a UserError refuses; anything else that is thrown is ours. */
export function asProblem(path: Path, read: () => Json): Problem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!isUserError(error)) throw error;
    return [{ path, message: `${error.message} ${error.why}` }];
  }
}

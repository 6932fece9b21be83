import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isUserError, UserError } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import { Playbook } from "../../domain/playbook.ts";
import { parseYaml, type Problem } from "../parse-yaml.ts";
import type { Json } from "../ports.ts";
import type { Action } from "./action.ts";
import { compile, expressionsIn } from "./expressions.ts";
import { type FlatStep, flatSteps } from "./flat-steps.ts";

/** A playbook in force, with the digest that plans pin. */
export interface LoadedPlaybook extends Playbook {
  file: string;
  flat: readonly FlatStep[];
  digest: string;
}

export type Playbooks = ReadonlyMap<string, LoadedPlaybook>;
export type Actions = ReadonlyMap<string, Action>;

/** The catalogue as a map; two actions of one name are a mistake in the catalogue. */
export function indexActions(actions: readonly Action[]): Actions {
  const byName = new Map(actions.map((action) => [action.name, action]));
  if (byName.size !== actions.length) throw new Error("Two actions have one name");
  return byName;
}

/** As much of a playbook as its steps can be judged by, whatever else is wrong with it. */
const Steps = z
  .array(
    z.looseObject({
      id: z.string().catch(""),
      action: z.string().catch(""),
      with: z.unknown().optional(),
      when: z.string().optional().catch(undefined),
    }),
  )
  .catch([]);
const Outline = z.object({ steps: Steps, verify: Steps }).catch({ steps: [], verify: [] });
type OutlinedStep = z.infer<typeof Steps>[number];

function brokenExpressions({ with: given, when }: OutlinedStep): Problem[] {
  const inParameters = expressionsIn((given ?? null) as Json).map((text) => ({ text, path: ["with"] }));
  const all = [...inParameters, ...(when === undefined ? [] : [{ text: when, path: ["when"] }])];
  return all.flatMap(({ text, path }) => {
    try {
      compile(text);
      return [];
    } catch (error) {
      if (!isUserError(error)) throw error;
      return [{ path, message: `${error.message}: ${error.why}` }];
    }
  });
}

function problemsOf(step: OutlinedStep, actions: Actions, isCheck: boolean): Problem[] {
  const action = actions.get(step.action);
  const problems = brokenExpressions(step);
  if (step.action !== "" && action === undefined)
    problems.push({
      path: ["action"],
      message: `there is no action "${step.action}"; there are ${[...actions.keys()].join(", ")}`,
    });
  if (isCheck && action?.apply !== undefined)
    problems.push({ path: ["action"], message: `"${step.action}" changes things; verify may only look` });
  return problems;
}

/** What one schema cannot see: steps against the catalogue of actions, and against each other. */
function inconsistencies(document: unknown, actions: Actions): Problem[] {
  const { steps, verify } = Outline.parse(document);
  const all = [
    ...steps.map((step, index) => ({ step, path: ["steps", index], isCheck: false })),
    ...verify.map((step, index) => ({ step, path: ["verify", index], isCheck: true })),
  ];
  const ids = all.map(({ step }) => step.id);
  return all.flatMap(({ step, path, isCheck }, index) => [
    ...(step.id !== "" && ids.indexOf(step.id) !== index
      ? [{ path: [...path, "id"], message: `two steps are named ${step.id}` }]
      : []),
    ...problemsOf(step, actions, isCheck).map((problem) => ({
      ...problem,
      path: [...path, ...problem.path],
    })),
  ]);
}

function read(path: string, what: (path: string) => string): string {
  try {
    return what(path);
  } catch (cause) {
    throw new UserError(`${path} cannot be read`, {
      why: `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      next: "Check that it exists and that crai may read it.",
      cause,
    });
  }
}

function loadOne(file: string, actions: Actions): LoadedPlaybook {
  const source = read(file, (path) => readFileSync(path, "utf8"));
  const playbook = parseYaml(Playbook, { file, source }, (document) => inconsistencies(document, actions));
  return { ...playbook, file, flat: flatSteps(playbook), digest: digest(playbook) };
}

/** Loads every YAML file of a folder. Throws one UserError with the problems of all files; nothing is half loaded. */
export function loadPlaybooks(folder: string, actions: Actions): Playbooks {
  const loaded = new Map<string, LoadedPlaybook>();
  const problems: string[] = [];
  const names = read(folder, (path) => readdirSync(path).join("\n")).split("\n");
  for (const name of names.filter((entry) => /\.ya?ml$/.test(entry)).sort()) {
    try {
      const playbook = loadOne(join(folder, name), actions);
      const other = loaded.get(playbook.metadata.name);
      if (other)
        problems.push(`${playbook.file}: ${other.file} has a playbook "${playbook.metadata.name}" already`);
      loaded.set(playbook.metadata.name, playbook);
    } catch (error) {
      if (!isUserError(error)) throw error;
      problems.push(error.why);
    }
  }
  if (problems.length > 0) {
    throw new UserError("Playbooks cannot be loaded", {
      why: problems.join("\n"),
      next: "Correct these lines. Where crai runs already, the playbooks loaded before stay in force until then.",
    });
  }
  return loaded;
}

/** Playbooks in force, and a way to read the folder again that never replaces good ones with bad ones. */
export interface PlaybookShelf {
  current: () => Playbooks;
  /** What is wrong with the files as they are now, one line each with file:line; empty: they are in force. */
  problems: () => string[];
  /** Throws a UserError, and keeps what is in force, when something is wrong with them. */
  reload: () => void;
}

export function createPlaybooks(folder: string, actions: Actions): PlaybookShelf {
  let current = loadPlaybooks(folder, actions);
  let problems: string[] = [];
  return {
    current: () => current,
    problems: () => problems,
    reload() {
      try {
        current = loadPlaybooks(folder, actions);
        problems = [];
      } catch (error) {
        if (isUserError(error)) problems = error.why.split("\n");
        throw error;
      }
    },
  };
}

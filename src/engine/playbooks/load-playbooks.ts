import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isUserError, UserError } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import { Playbook, type Step } from "../../domain/playbook.ts";
import type { Action } from "./action.ts";
import { compile, expressionsIn } from "./expressions.ts";
import { parseYaml } from "../parse-yaml.ts";

/** A playbook in force, with the digest that plans pin. */
export interface LoadedPlaybook extends Playbook {
  file: string;
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

function brokenExpressions(step: Step): string[] {
  const expressions = [...expressionsIn(step.with), ...(step.when === undefined ? [] : [step.when])];
  return expressions.flatMap((expression) => {
    try {
      compile(expression);
      return [];
    } catch (error) {
      if (!isUserError(error)) throw error;
      return [`step ${step.id}: ${error.message}: ${error.why ?? ""}`];
    }
  });
}

/** What one schema cannot see: steps against the catalogue of actions. */
function inconsistencies(playbook: Playbook, actions: Actions): string[] {
  const steps = [...playbook.steps, ...playbook.verify];
  const ids = steps.map((step) => step.id);
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `two steps are named ${id}`),
    ...steps
      .filter((step) => !actions.has(step.action))
      .map((step) => `step ${step.id}: there is no action "${step.action}"`),
    ...playbook.verify
      .filter((step) => actions.get(step.action)?.apply !== undefined)
      .map((step) => `step ${step.id}: "${step.action}" changes things; verify may only look`),
    ...steps.flatMap(brokenExpressions),
  ];
}

function loadOne(file: string, actions: Actions): LoadedPlaybook {
  const playbook = parseYaml(Playbook, file, readFileSync(file, "utf8"));
  const problems = inconsistencies(playbook, actions);
  if (problems.length > 0)
    throw new UserError(`${file} cannot be run`, {
      why: problems.map((problem) => `${file}: ${problem}`).join("\n"),
    });
  return { ...playbook, file, digest: digest(playbook) };
}

/** Loads every YAML file of a folder. Throws one UserError with the problems of all files; nothing is half loaded. */
export function loadPlaybooks(folder: string, actions: Actions): Playbooks {
  const loaded = new Map<string, LoadedPlaybook>();
  const problems: string[] = [];
  for (const name of readdirSync(folder)
    .filter((entry) => /\.ya?ml$/.test(entry))
    .sort()) {
    try {
      const playbook = loadOne(join(folder, name), actions);
      if (loaded.has(playbook.metadata.name))
        throw new UserError(`${playbook.file}: another file has the playbook "${playbook.metadata.name}"`);
      loaded.set(playbook.metadata.name, playbook);
    } catch (error) {
      if (!isUserError(error)) throw error;
      problems.push(error.why ?? error.message);
    }
  }
  if (problems.length > 0) {
    throw new UserError("Playbooks cannot be loaded", {
      why: problems.join("\n"),
      next: "The playbooks loaded before stay in force until these are corrected.",
    });
  }
  return loaded;
}

/** Playbooks in force, and a way to read the folder again that never replaces good ones with bad ones. */
export function createPlaybooks(
  folder: string,
  actions: Actions,
): { current: () => Playbooks; reload: () => void } {
  let current = loadPlaybooks(folder, actions);
  return {
    current: () => current,
    reload: () => {
      current = loadPlaybooks(folder, actions);
    },
  };
}

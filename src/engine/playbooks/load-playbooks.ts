import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Permission, permissions } from "../../domain/access.ts";
import { isUserError, UserError } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import { Input, Playbook, SingleStep, Step } from "../../domain/playbook.ts";
import { parseYaml, placed, type Problem } from "../parse-yaml.ts";
import { checkCalls } from "./check-calls.ts";
import { checkExpressions } from "./check-expressions.ts";
import { checkInputs } from "./check-inputs.ts";
import { checkSteps } from "./check-steps.ts";
import { type FlatStep, flatSteps } from "./flat-steps.ts";
import type { Actions, LoadedPlaybook, Playbooks } from "./loaded.ts";

/** Steps of a document as far as each is one by itself; the others are the schema's to name. */
function stepsIn(document: unknown): FlatStep[] {
  const { steps, verify } = Outline.parse(document);
  return flatSteps({
    steps: steps.map((step) => Step.safeParse(step).data ?? unreadable(step)),
    verify: verify.map((step) => SingleStep.safeParse(step).data ?? unreadable(step)),
  });
}

const Outline = z
  .object({ steps: z.array(z.unknown()).catch([]), verify: z.array(z.unknown()).catch([]) })
  .catch({ steps: [], verify: [] });

/** Stands for a step that the schema refuses, so that others may need it. */
function unreadable(given: unknown): SingleStep {
  const id = z.object({ id: z.string() }).safeParse(given).data?.id ?? "";
  return { id, ask: { question: "", options: [] }, continue_on_failure: false, runbook: [] };
}

/** What one schema cannot see, also where it refuses other parts of the document. */
function inconsistencies(document: unknown, whole: Playbook | undefined, actions: Actions): Problem[] {
  if (whole === undefined) {
    const owner = Owner.safeParse(document).data ?? anybody;
    const inputs = inputsIn(document);
    const title = Titled.safeParse(document).data?.metadata.title ?? "";
    return [
      ...checked({ ...owner, inputs, title, flat: stepsIn(document) }, actions),
      ...checkInputs({
        inputs,
        risk: owner.risk,
        approvals: 1,
        command: undefined,
        on_alert: undefined,
        on_declare: undefined,
        schedule: undefined,
      }),
    ];
  }
  const { title } = whole.metadata;
  return [...checked({ ...whole, title, flat: flatSteps(whole) }, actions), ...checkInputs(whole)];
}

// Not strict: what else is wrong with it is the schema's to say.
const Owner = z.object(Playbook.pick({ permission: true, permissions: true, risk: true }).shape);
/** Where it does not say what it may, its steps are not held against that. */
const anybody = {
  permission: "crai:inspect",
  permissions: Object.keys(permissions) as Permission[],
  risk: "guarded",
} as const;
const Titled = z.object({ metadata: z.object({ title: z.string() }) });

/** Inputs of a document; one that the schema refuses still has its name. */
function inputsIn(document: unknown): Playbook["inputs"] {
  const given =
    z.object({ inputs: z.record(z.string(), z.unknown()) }).safeParse(document).data?.inputs ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([name, input]) => [
      name,
      Input.safeParse(input).data ?? { type: "name", list: false, required: false, description: "" },
    ]),
  );
}

function checked(
  playbook: Pick<LoadedPlaybook, "inputs" | "permission" | "permissions" | "risk" | "flat"> & {
    title: string;
  },
  actions: Actions,
): Problem[] {
  const { flat, inputs, title } = playbook;
  return [...checkSteps(flat, playbook, actions), ...checkExpressions(title, flat, inputs, actions)];
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

function sourceOf(file: string): string {
  return read(file, (path) => readFileSync(path, "utf8"));
}

function loadOne(file: string, actions: Actions): LoadedPlaybook {
  const source = sourceOf(file);
  const playbook = parseYaml(Playbook, { file, source }, (document, whole) =>
    inconsistencies(document, whole, actions),
  );
  return { ...playbook, file, flat: flatSteps(playbook), digest: digest(playbook) };
}

/** What is wrong with a playbook among others: what it calls, and its name among the commands. */
function problemsAmong(
  playbook: LoadedPlaybook,
  all: Playbooks,
  { taken, complete }: { taken: ReadonlySet<string>; complete: boolean },
): string[] {
  const { name } = playbook.metadata;
  const found = checkCalls(playbook, all, { complete });
  if (playbook.command !== undefined && taken.has(name))
    found.push({
      path: ["metadata", "name"],
      message: `"${name}" is a command of crai's own, which would hide it: give it another name`,
    });
  if (found.length === 0) return [];
  const { file } = playbook;
  return placed({ file, source: sourceOf(file) }, found);
}

/**
 * Loads every YAML file of a folder. Throws one UserError with the problems of all files; nothing is half loaded.
 * `taken`: names that no playbook with a command may have.
 */
export function loadPlaybooks(
  folder: string,
  actions: Actions,
  taken: ReadonlySet<string> = new Set(),
): Playbooks {
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
  // A playbook that could not be loaded is not missed by those that call it.
  const complete = problems.length === 0;
  for (const playbook of loaded.values())
    problems.push(...problemsAmong(playbook, loaded, { taken, complete }));
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

export function createPlaybooks(folder: string, actions: Actions, taken: ReadonlySet<string>): PlaybookShelf {
  let current = loadPlaybooks(folder, actions, taken);
  let problems: string[] = [];
  return {
    current: () => current,
    problems: () => problems,
    reload() {
      try {
        current = loadPlaybooks(folder, actions, taken);
        problems = [];
      } catch (error) {
        if (isUserError(error)) problems = error.why.split("\n");
        throw error;
      }
    },
  };
}

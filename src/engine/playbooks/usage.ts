import type { Input, Playbook } from "../../domain/playbook.ts";
import { inputOfType } from "./read-inputs.ts";

type Commanded = Pick<Playbook, "metadata" | "command" | "inputs">;

/** Inputs that are written without a flag, in order. */
export function wordsOf({ command, inputs }: Pick<Commanded, "command" | "inputs">): string[] {
  return command?.words ?? Object.keys(inputs).filter((name) => inputs[name]?.required === true);
}

/** An app has an environment; where no input names it, the command does. */
export function takesEnvironment({ inputs }: Pick<Commanded, "inputs">): boolean {
  return inputOfType(inputs, "app") !== undefined && inputOfType(inputs, "environment") === undefined;
}

/** An app may be left out where the channel belongs to an incident of one. */
function word(name: string, { required, type }: Input): string {
  return required && type !== "app" ? `<${name}>` : `[${name}]`;
}

function flag(name: string, { type, list, values }: Input): string {
  if (type === "boolean" && !list) return `[--${name}]`;
  const value = values === undefined ? `<${type}>` : `<${values.join("|")}>`;
  return `[--${name} ${value}${list ? ",…" : ""}]`;
}

/** `rollback [app] [--to <revision>] [--reason "…"]`, from the inputs that it declares. */
export function usageOf(playbook: Commanded): string {
  const words = wordsOf(playbook);
  const flags = Object.keys(playbook.inputs).filter((name) => !words.includes(name));
  const own = (name: string): Input => playbook.inputs[name]!;
  return [
    playbook.metadata.name,
    ...words.map((name) => word(name, own(name))),
    ...flags.map((name) => flag(name, own(name))),
    ...(takesEnvironment(playbook) ? ["[--env <environment>]"] : []),
    '[--reason "…"]',
  ].join(" ");
}

import { UserError } from "../domain/errors.ts";
import type { Command } from "../engine/commands/command.ts";
import { quoteWord } from "../engine/commands/quote-word.ts";

/** What only the command line understands. */
export interface Options {
  /** Confirm a plan without asking. */
  yes: boolean;
  /** Do not wait for another person's yes. */
  wait: boolean;
  json: boolean;
  out: string | null;
  /** The context of the kubeconfig to act with. */
  context: string | null;
}

export interface CommandLine {
  words: string[];
  options: Options;
}

function valueOf(words: string[], index: number): string {
  const value = words[index];
  if (value !== undefined) return value;
  throw new UserError(`${words[index - 1]} needs a value.`, {
    why: "Nothing follows it.",
    next: "crai help",
  });
}

/** Takes the command line's own options out; the rest is what somebody would type in Slack. */
export function parseCommandLine(given: readonly string[]): CommandLine {
  const options: Options = { yes: false, wait: true, json: false, out: null, context: null };
  const words: string[] = [];
  const queue = given.flatMap((word) => {
    const [, name, value] = /^(--(?:out|context))=(.*)$/s.exec(word) ?? [];
    return name === undefined ? [word] : [name, value ?? ""];
  });
  for (let index = 0; index < queue.length; index += 1) {
    const word = queue[index]!;
    if (word === "--yes" || word === "-y") options.yes = true;
    else if (word === "--no-wait") options.wait = false;
    else if (word === "--json") options.json = true;
    else if (word === "--out") options.out = valueOf(queue, (index += 1));
    else if (word === "--context") options.context = valueOf(queue, (index += 1));
    else words.push(word);
  }
  return { words: words[0] === "run" ? words.slice(1) : words, options };
}

/** A positional may also be named as an option: `rollback --app api` is `rollback api`. */
function namedPositionals(words: readonly string[], command: Command): string[] {
  const names = command.positionals
    .map((name) => name.replace("…", ""))
    .filter((name) => !Object.hasOwn(command.flags, name));
  const before: string[] = [];
  const rest: string[] = [];
  const after: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const [, name, joined] = /^--([a-z-]+)(?:=(.*))?$/s.exec(words[index]!) ?? [];
    if (name === undefined || !names.includes(name)) rest.push(words[index]!);
    else {
      const value = joined ?? valueOf([...words], (index += 1));
      (command.positionals[0]?.replace("…", "") === name ? before : after).push(value);
    }
  }
  return [...before, ...rest, ...after];
}

/** The words as the one line that every other surface sends. */
export function commandText(words: readonly string[], commands: readonly Command[]): string {
  const [name = "help", ...others] = words;
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  const arranged = command === undefined ? others : namedPositionals(others, command);
  return [name, ...arranged].map(quoteWord).join(" ");
}

import { parseArgs } from "node:util";
import { UserError } from "../../domain/errors.ts";
import type { Args, Command } from "./command.ts";
import { nearest } from "./nearest.ts";

/** Words as a shell would split them: quotes keep blanks together, a backslash takes the next character as it is. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = "";
  let open = false;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? "";
    if (char === "\\" && quote !== "'" && index + 1 < text.length) {
      word += text[++index] ?? "";
      open = true;
    } else if (quote !== "") {
      if (char === quote) quote = "";
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      open = true;
    } else if (/\s/.test(char)) {
      if (open) words.push(word);
      word = "";
      open = false;
    } else {
      word += char;
      open = true;
    }
  }
  if (quote !== "")
    throw new UserError(`A quote is not closed: ${quote}`, { next: `Add the closing ${quote}.` });
  if (open) words.push(word);
  return words;
}

/** Puts a value into a command line so that `splitWords` gives it back whole. */
export function quoteWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Flags every command understands. */
const common = { incident: { type: "string" }, json: { type: "boolean" } } as const;

function explain(error: unknown, command: Command): UserError {
  const message = error instanceof Error ? error.message : String(error);
  const flag = /'(--?[^' ]+)/.exec(message)?.[1];
  const known = Object.keys({ ...command.flags, ...common });
  const near = flag === undefined ? undefined : nearest(flag.replace(/^-+/, ""), known);
  const what =
    flag !== undefined && message.startsWith("Unknown")
      ? `${command.name} has no option ${flag}.`
      : (message.split(". ")[0] ?? message);
  return new UserError(what, {
    ...(near !== undefined && { why: `Did you mean --${near}?` }),
    next: `Usage: ${command.usage}`,
    cause: error,
  });
}

function assignPositionals(positionals: readonly string[], command: Command): Record<string, string> {
  const args: Record<string, string> = {};
  for (const [index, name] of command.positionals.entries()) {
    const rest = name.endsWith("…");
    const value = rest ? positionals.slice(index).join(" ") : positionals[index];
    if (value !== undefined && value !== "") args[rest ? name.slice(0, -1) : name] = value;
    if (rest) return args;
  }
  const extra = positionals[command.positionals.length];
  if (extra !== undefined)
    throw new UserError(`${command.name} does not take "${extra}".`, { next: `Usage: ${command.usage}` });
  return args;
}

export interface ParsedCommand {
  command: Command;
  args: Args;
}

/** Text after `/crai` to a command and its arguments, or a UserError that says what to type instead. */
export function parseCommand(text: string, commands: readonly Command[]): ParsedCommand {
  const [name = "help", ...words] = splitWords(text);
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  if (!command) {
    const near = nearest(
      name,
      commands.map((candidate) => candidate.name),
    );
    const meant = near === undefined ? undefined : [near, ...words.map(quoteWord)].join(" ");
    throw new UserError(`There is no command "${name}".`, {
      ...(meant !== undefined && { why: `Did you mean \`${meant}\`?` }),
      next: "`help` lists what you may do.",
    });
  }
  // A negative number is a value ("--to -1"), which parseArgs would take for a flag.
  const joined = words.flatMap((word, index) =>
    /^-\d/.test(word) && words[index - 1]?.startsWith("--") === true
      ? []
      : /^--[a-z-]+$/.test(word) && /^-\d/.test(words[index + 1] ?? "")
        ? [`${word}=${words[index + 1]}`]
        : [word],
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({
      args: joined,
      options: { ...command.flags, ...common },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw explain(error, command);
  }
  const flags = Object.entries(parsed.values).map(
    ([flag, value]) =>
      [flag, value === true ? "true" : typeof value === "string" ? value : undefined] as const,
  );
  return {
    command,
    args: { ...assignPositionals(parsed.positionals, command), ...Object.fromEntries(flags) },
  };
}

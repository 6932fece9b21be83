import { parseArgs } from "node:util";
import { cleanText, quoted, shortened } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import type { Args, Command } from "./command.ts";
import { nearest } from "./nearest.ts";
import { quoteWord } from "./quote-word.ts";

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
    throw new UserError(`A quote is not closed: ${quote}`, {
      why: `Everything after it would be one word: ${quoted(text.slice(text.lastIndexOf(quote)))}`,
      next: `Add the closing ${quote}, or put a backslash before one that stands for itself.`,
    });
  if (open) words.push(word);
  return words;
}

/** Flags every command understands. */
const common = { incident: { type: "string" }, json: { type: "boolean" } } as const;

/** What parseArgs says of a flag, in our words; it speaks of "arguments" and recommends `--`. */
function explain(error: unknown, command: Command): UserError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const flag = /'(?:-., )?(--?[^' =]+)/.exec(message)?.[1] ?? "";
  const usage = { next: `Usage: \`${command.usage}\``, cause: error };
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const known = Object.keys({ ...command.flags, ...common });
    const near = nearest(flag.replace(/^-+/, ""), known);
    return new UserError(`${command.name} has no option ${shortened(flag)}.`, {
      why:
        near === undefined
          ? `It has: ${known.map((name) => `--${name}`).join(", ")}.`
          : `Did you mean --${near}?`,
      ...usage,
    });
  }
  const takesNone = message.includes("does not take an argument");
  return new UserError(takesNone ? `${flag} takes no value.` : `${flag} needs a value.`, {
    why: takesNone ? "It is on when it is there." : "Nothing that could be one follows it.",
    ...usage,
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
    throw new UserError(`${command.name} does not take ${quoted(extra)}.`, {
      why: "It is one word too many; words that belong together need quotes.",
      next: `Usage: \`${command.usage}\``,
    });
  return args;
}

export interface ParsedCommand {
  command: Command;
  args: Args;
}

/** Text after `/crai` to a command and its arguments, or a UserError that says what to type instead. */
export function parseCommand(text: string, commands: readonly Command[]): ParsedCommand {
  const [name = "help", ...words] = splitWords(cleanText(text));
  const command = commands.find((candidate) => candidate.name === name.toLowerCase());
  if (!command) {
    const near = nearest(
      name,
      commands.map((candidate) => candidate.name),
    );
    const meant = near === undefined ? undefined : [near, ...words.map(quoteWord)].join(" ");
    throw new UserError(`There is no command ${quoted(name)}.`, {
      why: meant === undefined ? "No command has a similar name." : `Did you mean \`${shortened(meant)}\`?`,
      next: "`help` lists what you may do.",
    });
  }
  // A negative number is a value ("--to -1"), which parseArgs would take for a flag.
  const joined: string[] = [];
  for (const word of words) {
    const flag = joined.at(-1) ?? "";
    if (/^-\d/.test(word) && /^--[a-z][\w-]*$/.test(flag)) joined[joined.length - 1] = `${flag}=${word}`;
    else joined.push(word);
  }
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

import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";

/** One of a closed set of words, or a UserError that lists them. */
export function chooseWord<Value extends string>(
  text: string | undefined,
  schema: { options: readonly Value[] },
  noun: string,
): Value {
  const value = schema.options.find((option) => option === text?.toLowerCase());
  if (value !== undefined) return value;
  throw new UserError(text === undefined ? `Which ${noun}?` : `There is no ${noun} ${quoted(text)}.`, {
    why: text === undefined ? `The command names no ${noun}.` : `Every ${noun} is one of a few words.`,
    next: `Choose one of: ${schema.options.join(", ")}.`,
  });
}

import { UserError } from "../../domain/errors.ts";

/** `P12`, `p12` or `12` → 12. */
export function planNumber(text: string | undefined): number {
  return numberOf(text, "P", "plan");
}

/** `R12`, `r12` or `12` → 12. */
export function runNumber(text: string | undefined): number {
  return numberOf(text, "R", "run");
}

function numberOf(text: string | undefined, letter: "P" | "R", noun: string): number {
  const digits = new RegExp(`^${letter}?(\\d{1,9})$`, "i").exec(text ?? "")?.[1];
  if (digits !== undefined) return Number(digits);
  throw new UserError(text === undefined ? `Which ${noun}?` : `"${text}" names no ${noun}.`, {
    next: `Write it as ${letter}12: its message and \`runs\` show the number.`,
  });
}

import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";

/** `P12`, `p12` or `12` → 12. */
export function planNumber(text: string | undefined): number {
  return numberOf(text, "P", "plan");
}

/** `R12`, `r12` or `12` → 12. */
export function runNumber(text: string | undefined): number {
  return numberOf(text, "R", "run");
}

/** `A12`, `a12` or `12` → 12. */
export function alertNumber(text: string | undefined): number {
  return numberOf(text, "A", "warning");
}

function numberOf(text: string | undefined, letter: "A" | "P" | "R", noun: string): number {
  const digits = new RegExp(`^${letter}?(\\d{1,9})$`, "i").exec(text ?? "")?.[1];
  if (digits !== undefined) return Number(digits);
  throw new UserError(text === undefined ? `Which ${noun}?` : `${quoted(text)} names no ${noun}.`, {
    why: `Every ${noun} has a number.`,
    next: `Write it as ${letter}12: its message${letter === "A" ? " shows" : " and `runs` show"} the number.`,
  });
}

/** Also what is said of one that the asker may not hear of. */
export function noPlan(number: number): UserError {
  return new UserError(`There is no plan P${number}.`, {
    why: "No plan that you can see from here has this number.",
    next: "Plan again, e.g. `rollback <app>`.",
  });
}

export function noRun(number: number): UserError {
  return new UserError(`There is no run R${number}.`, {
    why: "No run that you can see from here has this number.",
    next: "`runs` lists them.",
  });
}

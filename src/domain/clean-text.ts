import { stripVTControlCharacters } from "node:util";

/**
 * Text from people, alerts and clusters, made harmless to print: no terminal colors, no control characters but line
 * ends and tabs, nothing that reverses or hides characters, no half surrogates.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    .replaceAll(/[^\P{Cc}\n\t]/gu, "")
    .replaceAll(/[^\P{Cf}\u200c\u200d]/gu, "");
}

/** The same on one line. */
export function cleanLine(text: string): string {
  return cleanText(text).replaceAll(/\s+/g, " ").trim();
}

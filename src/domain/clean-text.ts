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

/** Characters of what somebody typed that a refusal repeats: enough to know it again. */
const longestQuote = 60;

/** What somebody typed, on one line and not too long. */
export function shortened(text: string): string {
  const line = cleanLine(text);
  return line.length <= longestQuote ? line : `${line.slice(0, longestQuote - 1).toWellFormed()}…`;
}

/** The same in quotes. */
export function quoted(text: string): string {
  return `"${shortened(text)}"`;
}

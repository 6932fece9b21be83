/** Puts a value into a command line so that `splitWords` gives it back whole. */
export function quoteWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Levenshtein distance with adjacent swaps (the typos of 3 a.m.). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [
    i,
    ...Array.from({ length: b.length }, () => 0),
  ]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      rows[i]![j] = swapped ? Math.min(best, rows[i - 2]![j - 2]! + 1) : best;
    }
  }
  return rows[a.length]![b.length]!;
}

/** The known name somebody probably meant; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  // `hist` for history, `acknowledge` for ack.
  const prefixed = known.filter(
    (name) => Math.min(lower.length, name.length) >= 3 && (name.startsWith(lower) || lower.startsWith(name)),
  );
  if (prefixed.length === 1) return prefixed[0];
  const [best] = known.map((name) => ({ name, off: distance(lower, name) })).sort((a, b) => a.off - b.off);
  return best !== undefined && best.off <= Math.max(1, Math.floor(best.name.length / 3))
    ? best.name
    : undefined;
}

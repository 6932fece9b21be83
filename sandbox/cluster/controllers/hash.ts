const alphabet = "bcdfghjklmnpqrstvwxz2456789";

/** JSON with sorted keys: equal objects give equal bytes, as Go's encoder of maps does. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => [key, sorted(field)]),
  );
}

/**
 * A name suffix such as "7d4b9c6f58" for a template: 32-bit FNV-1a, its decimal digits in letters that spell no
 * words. Kubernetes hashes a dump of Go structures, so its suffix for the same template is another one.
 */
export function templateHash(template: unknown, collisionCount = 0): string {
  const text = canonicalJson(template) + (collisionCount === 0 ? "" : `#${collisionCount}`);
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return String(hash).replace(/\d/g, (digit) => alphabet[digit.charCodeAt(0) % alphabet.length]!);
}

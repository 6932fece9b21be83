import { createHash, createHmac } from "node:crypto";

/** JSON with sorted keys (RFC 8785 for the values we store: no floats beyond doubles), so that equal facts have equal bytes. */
function canonical(value: unknown): string {
  if (value === undefined) return "null";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
  return `{${fields.join(",")}}`;
}

/** SHA-256 of the canonical JSON, hex. */
export function digest(value: unknown): string {
  return createHash("sha256").update(canonical(value)).digest("hex");
}

/** A short keyed hash by which two hidden values can be told apart but not guessed. */
export function maskedHash(key: string, value: string): string {
  return createHmac("sha256", key).update(value).digest("hex").slice(0, 8);
}

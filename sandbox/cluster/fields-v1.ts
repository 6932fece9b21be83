import type { FieldsV1 } from "./object.ts";

/**
 * Sets of field paths as Kubernetes writes them (FieldsV1). A step with nothing below it is a member of the set; one
 * with something below it is a member when it also has ".".
 */

export function isEmpty(fields: FieldsV1): boolean {
  return Object.keys(fields).length === 0;
}

/** Whether the path that leads to `fields` is in the set itself, not only paths below it. */
export function isMember(fields: FieldsV1 | undefined): boolean {
  return fields !== undefined && (isEmpty(fields) || "." in fields);
}

export function union(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const steps = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(steps.map((step) => [step, both(a[step], b[step])]));
}

function both(a: FieldsV1 | undefined, b: FieldsV1 | undefined): FieldsV1 {
  if (!a || !b) return a ?? b ?? {};
  const below = union(a, b);
  return isMember(a) !== isMember(b) && !isEmpty(below) ? { ".": {}, ...below } : below;
}

/** A step of `gone` with nothing below it takes all below that step with it. */
export function subtract(from: FieldsV1, gone: FieldsV1): FieldsV1 {
  const result: FieldsV1 = {};
  for (const [step, inner] of Object.entries(from)) {
    const cut = gone[step];
    if (!cut) {
      result[step] = inner;
    } else if (!isEmpty(cut)) {
      const left = subtract(isEmpty(inner) ? { ".": {} } : inner, cut);
      if (!isEmpty(left)) result[step] = Object.keys(left).every((only) => only === ".") ? {} : left;
    }
  }
  return result;
}

/** What of `fields` is also in `others`; a member of `fields` with paths below it stays as ".". */
export function intersect(fields: FieldsV1, others: FieldsV1): FieldsV1 {
  const result: FieldsV1 = {};
  for (const [step, inner] of Object.entries(fields)) {
    const other = others[step];
    if (!other) continue;
    const shared = isMember(inner) && isMember(other);
    const below = step === "." ? {} : intersect(inner, other);
    if (isEmpty(inner) ? shared : shared || !isEmpty(below)) {
      result[step] = { ...(shared && !isEmpty(inner) && { ".": {} }), ...below };
    }
  }
  return result;
}

/** The members as the API server prints them, `.spec.containers[name="web"].image`; at each level members come first. */
export function pathsOf(fields: FieldsV1, from = ""): string[] {
  const steps = Object.entries(fields)
    .filter(([step]) => step !== ".")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([step, inner]) => ({ path: `${from}${stepText(step)}`, inner }));
  return [
    ...steps.filter(({ inner }) => isMember(inner)).map(({ path }) => path),
    ...steps.flatMap(({ path, inner }) => pathsOf(inner, path)),
  ];
}

/** `f:image` as `.image`, `k:{"name":"web"}` as `[name="web"]`, `v:"a"` as `[="a"]`. */
export function stepText(step: string): string {
  const rest = step.slice(2);
  if (step.startsWith("f:")) return `.${rest}`;
  if (step.startsWith("v:")) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}

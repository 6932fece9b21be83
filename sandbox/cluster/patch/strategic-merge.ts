import { goText } from "../go-print.ts";
import { isSet, listIdentity } from "../merge-keys.ts";
import { isRecord, sameJson } from "../object.ts";
import { StatusError } from "../status.ts";

type Fields = Record<string, unknown>;

const orderPrefix = "$setElementOrder/";
const deletePrefix = "$deleteFromPrimitiveList/";

/**
 * Strategic merge patch: maps merge, lists with a merge key merge item by item (merge-keys.ts), other lists
 * are replaced; `$patch`, `$retainKeys`, `$setElementOrder` and `$deleteFromPrimitiveList` direct it.
 * Changes neither argument. Source: the API conventions' page on strategic merge patch.
 */
export function strategicMerge(target: Fields, patch: Fields): Fields {
  return mergeObject(target, patch, []);
}

function mergeObject(target: Fields, patch: Fields, path: string[]): Fields {
  const directive = patch["$patch"];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") throw unknownDirective(directive, patch);

  const result = new Map(Object.entries(retained(target, patch)));
  const ordered = namesAfter(patch, orderPrefix);
  const pruned = namesAfter(patch, deletePrefix);
  for (const field of new Set([
    ...ordered,
    ...pruned,
    ...Object.keys(patch).filter((key) => !key.startsWith("$")),
  ])) {
    const here = [...path, field];
    const before = result.get(field);
    if (patch[field] === null) {
      result.delete(field);
    } else if (isSet(here) || listIdentity(here)) {
      const after = mergeList({ before: listAt(before, here), patch, field }, here);
      if (after) result.set(field, after);
    } else if (patch[field] !== undefined) {
      result.set(field, mergeValue(before, patch[field], here));
    }
  }
  return Object.fromEntries(result);
}

function mergeValue(before: unknown, value: unknown, path: string[]): unknown {
  if (isRecord(value) && isRecord(before)) return mergeObject(before, value, path);
  // There is nothing to merge with: what the patch says is taken, its directives are not.
  return withoutDirectivesDeep(value);
}

/** Drops what `$retainKeys` does not name. */
function retained(target: Fields, patch: Fields): Fields {
  const keys = patch["$retainKeys"];
  if (!Array.isArray(keys)) return target;
  return Object.fromEntries(Object.entries(target).filter(([field]) => keys.includes(field)));
}

interface ListMerge {
  before: unknown[] | undefined;
  patch: Fields;
  field: string;
}

function mergeList({ before, patch, field }: ListMerge, path: string[]): unknown[] | undefined {
  const change = listAt(patch[field], path);
  const order = listAt(patch[`${orderPrefix}${field}`], path);
  const gone = listAt(patch[`${deletePrefix}${field}`], path) ?? [];
  if (!before && !change) return undefined;
  const key = listIdentity(path)?.merge;
  if (change?.some((item) => isRecord(item) && item["$patch"] === "replace")) {
    return withoutDirectivesDeep(change) as unknown[];
  }
  const merged = mergedList(
    before?.filter((item) => !gone.includes(item)),
    change ?? [],
    { key, path },
  );
  const same = key
    ? (a: unknown, b: unknown) => isRecord(a) && isRecord(b) && sameJson(a[key], b[key])
    : (a: unknown, b: unknown) => a === b;
  return inOrder(merged, order ?? change ?? [], before ?? [], same);
}

interface ListPlace {
  key: string | undefined;
  path: string[];
}

function mergedList(before: unknown[] | undefined, change: unknown[], { key, path }: ListPlace): unknown[] {
  if (!before) return withoutDirectivesDeep(change) as unknown[];
  return key ? mergeItems(before, change, { key, path }) : [...new Set([...before, ...change])];
}

function mergeItems(before: unknown[], change: unknown[], list: { key: string; path: string[] }): unknown[] {
  const { key, path } = list;
  let result = [...before];
  for (const item of change) {
    if (!isRecord(item)) throw new StatusError(500, "", `expected a map in the patch of ${path.join(".")}`);
    if (item[key] === undefined) {
      throw new StatusError(500, "", `map: ${goText(item)} does not contain declared merge key: ${key}`);
    }
    const isIt = (other: unknown) => isRecord(other) && sameJson(other[key], item[key]);
    if (item["$patch"] === "delete") {
      result = result.filter((other) => !isIt(other));
      continue;
    }
    const index = result.findIndex(isIt);
    if (index === -1) result.push(withoutDirectives(item));
    else result[index] = mergeObject(result[index] as Fields, item, [...path, "*"]);
  }
  return result;
}

/**
 * Items that `order` names come in its order, the others keep their place among those that were there before:
 * of two items that both were, the earlier stays first.
 */
function inOrder(
  merged: unknown[],
  order: unknown[],
  before: unknown[],
  same: (a: unknown, b: unknown) => boolean,
): unknown[] {
  const rank = (list: unknown[], item: unknown) => list.findIndex((other) => same(other, item));
  const named = merged.filter((item) => rank(order, item) !== -1);
  const others = merged.filter((item) => rank(order, item) === -1);
  named.sort((a, b) => rank(order, a) - rank(order, b));
  const result: unknown[] = [];
  while (named.length > 0 && others.length > 0) {
    const [other, next] = [rank(before, others[0]), rank(before, named[0])];
    const otherFirst = other !== -1 && next !== -1 && other < next;
    result.push(otherFirst ? others.shift() : named.shift());
  }
  return [...result, ...others, ...named];
}

function namesAfter(patch: Fields, prefix: string): string[] {
  return Object.keys(patch)
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
}

function listAt(value: unknown, path: string[]): unknown[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  throw new StatusError(
    422,
    "Invalid",
    ` "" is invalid: patch: Invalid value: cannot restore slice from ${typeof value}`,
    {
      causes: [{ reason: "FieldValueInvalid", message: `${path.join(".")} must be a list`, field: "patch" }],
    },
  );
}

function withoutDirectives(value: Fields): Fields {
  const kept = Object.entries(value).filter(([field, inner]) => !field.startsWith("$") && inner !== null);
  return Object.fromEntries(kept.map(([field, inner]) => [field, withoutDirectivesDeep(inner)]));
}

function withoutDirectivesDeep(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((item) => !isRecord(item) || item["$patch"] === undefined).map(withoutDirectivesDeep);
  }
  return isRecord(value) ? withoutDirectives(value) : value;
}

function unknownDirective(directive: unknown, patch: Fields): StatusError {
  return new StatusError(500, "", `unknown patch type: ${String(directive)} in map: ${goText(patch)}`);
}

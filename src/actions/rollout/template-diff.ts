import { createTwoFilesPatch } from "diff";
import { stringify } from "yaml";
import { comparableTemplate } from "../../domain/pod-template.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";
import { hideValues } from "./hide-values.ts";

export interface Side {
  name: string;
  template: JsonObject;
}

/** The member of a list that stands for the same thing: its namesake, else the one in the same place. */
function counterpart(list: Json | undefined, item: Json, index: number): Json | undefined {
  if (!Array.isArray(list)) return undefined;
  const name = (item as JsonObject | null)?.["name"];
  return typeof name === "string"
    ? list.find((other) => (other as JsonObject | null)?.["name"] === name)
    : list[index];
}

/**
 * A value with its keys in the order in which the other one has them, and its own after those. A template that was
 * recorded has lost the order in which people wrote it, and order means nothing: it must not show as a change.
 */
function inOrderOf(other: Json | undefined, value: Json): Json {
  if (Array.isArray(value))
    return value.map((item, index) => inOrderOf(counterpart(other, item, index), item));
  if (value === null || typeof value !== "object") return value;
  const like = other !== null && typeof other === "object" && !Array.isArray(other) ? other : {};
  const keys = [...Object.keys(like).filter((key) => key in value), ...Object.keys(value)];
  return Object.fromEntries([...new Set(keys)].map((key) => [key, inOrderOf(like[key], value[key]!)]));
}

/**
 * A unified diff of two templates as YAML, its keys in the order in which `from` has them, with nothing secret in it;
 * null when they are the same.
 */
export function templateDiff(from: Side, to: Side, maskKey: string): string | null {
  const before = comparableTemplate(from.template);
  const after = inOrderOf(before, comparableTemplate(to.template)) as JsonObject;
  const [left, right] = [
    stringify(hideValues(before, after, maskKey)),
    stringify(hideValues(after, before, maskKey)),
  ];
  if (left === right) return null;
  const patch = createTwoFilesPatch(from.name, to.name, left, right, undefined, undefined, { context: 3 });
  return patch.slice(patch.indexOf("---")).trimEnd();
}

function keyed(value: Json | undefined): Map<string, Json> {
  if (Array.isArray(value)) {
    return new Map(
      value.map((item, index) => {
        const name = (item as JsonObject | null)?.["name"];
        return [typeof name === "string" ? `[${name}]` : `[${index}]`, item];
      }),
    );
  }
  return new Map(
    Object.entries((value ?? {}) as JsonObject).map(([field, inner]) => [
      /^[\w-]+$/.test(field) ? `.${field}` : `["${field}"]`,
      inner,
    ]),
  );
}

function isTree(value: Json | undefined): boolean {
  return value !== null && typeof value === "object";
}

function changedPaths(path: string, before: Json | undefined, after: Json | undefined): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const comparable = isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after);
  // A list of plain words (arguments) reads as one thing; so does what only one side has.
  if (!comparable || (Array.isArray(before) && !before.some(isTree))) return [path];
  const [left, right] = [keyed(before), keyed(after)];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    changedPaths(path + key, left.get(key), right.get(key)),
  );
}

const shown = 10;

/** `containers[api].image`, `containers[api].env[LOG_LEVEL]`: which keys differ, without their values. */
export function changedKeys(from: JsonObject, to: JsonObject): string[] {
  const paths = changedPaths("", comparableTemplate(from), comparableTemplate(to)).map((path) =>
    path.replace(/^\.(spec\.)?/, "").replace(/\.value$/, ""),
  );
  const unique = [...new Set(paths)];
  return unique.length <= shown ? unique : [...unique.slice(0, shown), `${unique.length - shown} more`];
}

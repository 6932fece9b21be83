import { children, itemStep, setStep } from "../field-tree.ts";
import { isMember } from "../fields-v1.ts";
import { isAtomicObject, isSet, listIdentity } from "../merge-keys.ts";
import { isRecord } from "../object.ts";
import type { FieldsV1 } from "../object.ts";

type Fields = Record<string, unknown>;

/** `live` with what `config` states put in: maps and keyed lists merge, everything else is replaced. */
export function mergeApplied(live: unknown, config: unknown, path: string[] = []): unknown {
  if (isRecord(config) && !isAtomicObject(path)) return mergeFields(isRecord(live) ? live : {}, config, path);
  const keyed = isSet(path) || listIdentity(path) !== undefined;
  if (Array.isArray(config) && keyed) return mergeItems(Array.isArray(live) ? live : [], config, path);
  return config;
}

function mergeFields(live: Fields, config: Fields, path: string[]): Fields {
  const merged: Fields = { ...live };
  for (const [name, value] of Object.entries(config)) {
    if (value === null) delete merged[name];
    else merged[name] = mergeApplied(live[name], value, [...path, name]);
  }
  return merged;
}

/** Items of both come in the order of `config`; the others keep their place before the next one of both. */
function mergeItems(live: unknown[], config: unknown[], path: string[]): unknown[] {
  const stepOf = (item: unknown): string =>
    isRecord(item) && !isSet(path) ? itemStep(item, path) : setStep(item);
  const before = new Map(live.map((item) => [stepOf(item), item]));
  const stated = new Set(config.map(stepOf));
  const shared = config.map(stepOf).filter((step) => before.has(step));
  const waiting = [...live];
  const merged: unknown[] = [];
  for (const item of config) {
    takeUnstated(shared[0]);
    const step = stepOf(item);
    if (step === shared[0]) shared.shift();
    merged.push(mergeApplied(before.get(step), item, [...path, "*"]));
  }
  takeUnstated(undefined);
  return merged;

  /** Moves the live items before `step` over; those that config states come where it has them. */
  function takeUnstated(step: string | undefined): void {
    const end = step === undefined ? waiting.length : waiting.findIndex((item) => stepOf(item) === step);
    const passed = waiting.splice(0, Math.max(end, 0));
    merged.push(...passed.filter((item) => !stated.has(stepOf(item))));
  }
}

/**
 * Takes out what a manager stated last time and nobody states now. A struct, map or list counts as stated while
 * something below it is; an item of a keyed list only while somebody owns the item itself.
 */
export function prune(value: unknown, last: FieldsV1, now: FieldsV1, path: string[] = []): unknown {
  const parts = children(value, path);
  if (!parts) return value;
  const gone = new Set<string>();
  const changed = new Map<string, unknown>();
  for (const [step, { name, value: inner }] of parts) {
    const [before, after] = [last[step], now[step]];
    if (!before) continue;
    const field = step.startsWith("f:");
    if (field ? !after : isMember(before) && !isMember(after)) gone.add(step);
    else changed.set(step, prune(inner, before, after ?? {}, [...path, name]));
  }
  if (Array.isArray(value)) return prunedList(value, gone, changed, path);
  const fields = Object.entries(value as Fields)
    .filter(([name]) => !gone.has(`f:${name}`))
    .map(([name, inner]) => [name, changed.get(`f:${name}`) ?? inner] as const);
  return Object.fromEntries(fields);
}

function prunedList(
  value: unknown[],
  gone: Set<string>,
  changed: Map<string, unknown>,
  path: string[],
): unknown {
  const stepOf = (item: unknown): string =>
    isRecord(item) && !isSet(path) ? itemStep(item, path) : setStep(item);
  const kept = value.filter((item) => !gone.has(stepOf(item)));
  return isSet(path) ? kept : kept.map((item) => changed.get(stepOf(item)) ?? item);
}

import { itemStep, setStep } from "../field-tree.ts";
import { isEmpty, stepText } from "../fields-v1.ts";
import { isAtomicObject, isSet, listIdentity } from "../merge-keys.ts";
import { isRecord } from "../object.ts";
import type { FieldsV1 } from "../object.ts";

/** An applied manifest that the API server's types cannot hold; the message says where. */
export class NotTyped extends Error {
  override readonly name = "NotTyped";
}

/**
 * The paths a manifest states, as its manager owns them: every leaf, null or empty map, and each item of a keyed list
 * itself. Throws NotTyped for a list whose items cannot be told apart.
 */
export function appliedSet(value: unknown, path: string[] = []): FieldsV1 {
  if (isRecord(value) && !isAtomicObject(path)) return sorted(Object.entries(fieldsOf(value, path)));
  return Array.isArray(value) && isKeyed(path) ? sorted(itemsOf(value, path)) : {};
}

function isKeyed(path: string[]): boolean {
  return isSet(path) || listIdentity(path) !== undefined;
}

function fieldsOf(value: Record<string, unknown>, path: string[]): FieldsV1 {
  const stated = Object.entries(value).filter(([name, field]) => {
    const emptyList = Array.isArray(field) && field.length === 0 && isKeyed([...path, name]);
    return field !== undefined && !emptyList;
  });
  return Object.fromEntries(stated.map(([name, field]) => [`f:${name}`, appliedSet(field, [...path, name])]));
}

function itemsOf(list: unknown[], path: string[]): [string, FieldsV1][] {
  const entries = isSet(path)
    ? list.map((item): [string, FieldsV1] => [setStep(item), {}])
    : list.filter(isRecord).map((item): [string, FieldsV1] => {
        const below = appliedSet(item, [...path, "*"]);
        return [itemStep(item, path), isEmpty(below) ? {} : { ".": {}, ...below }];
      });
  const again = entries.find(([step], index) => entries.findIndex(([other]) => other === step) < index);
  if (again) throw new NotTyped(`${pathText(path)}: duplicate entries for key ${stepText(again[0])}`);
  return entries;
}

function pathText(path: string[]): string {
  return path.map((name) => `.${name}`).join("");
}

function sorted(entries: [string, FieldsV1][]): FieldsV1 {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

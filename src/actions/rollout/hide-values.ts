import { maskedHash } from "../../domain/hash.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";

/** What a program's arguments and annotations may carry without saying so in a field of its own. */
const secretWord =
  "[\\w.-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth)[\\w.-]*";
const assignment = new RegExp(`(${secretWord}["']?\\s*[=:]\\s*["']?)([^\\s"'&;,]+)`, "gi");
const secretFlag = new RegExp(`^--?${secretWord}$`, "i");

/** Shapes that give a credential away wherever they stand; the group before, if any, stays. */
const shapes: readonly RegExp[] = [
  /([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)([^\s@/]+)(?=@)/gi,
  /(\b(?:bearer|basic)\s+)([\w.~+/=-]{8,})/gi,
  /()(\beyJ[\w-]+\.[\w-]+\.[\w-]*)/g,
  /()(\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)/g,
  /()(\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|sk-|hf_)[\w-]{10,})/g,
  /()(-----BEGIN[\s\S]+?-----END[^-]*-----)/g,
];

/** Long and mixed enough to be a key rather than a word or a path. */
const opaque =
  /()((?<![\w./:-])(?=[\w+=-]*\d)(?=[\w+=-]*[a-z])(?:(?=[\w+=-]*[A-Z])[\w+=-]{20,}|[0-9a-f]{32,})(?![\w./:-]))/g;

type Hide = (value: string) => string;

function hideIn(text: string, patterns: readonly RegExp[], hide: Hide): string {
  return patterns.reduce(
    (shown, pattern) =>
      shown.replace(pattern, (_, before: string, secret: string) => `${before}${hide(secret)}`),
    text,
  );
}

interface Masking {
  key: string;
  /** Fields whose strings may be a command line or free text. */
  loose: boolean;
}

const looseFields = new Set(["command", "args", "annotations"]);

function named(list: unknown, name: unknown): Json | undefined {
  if (!Array.isArray(list) || typeof name !== "string") return undefined;
  return (list as Json[]).find((item) => (item as JsonObject | null)?.["name"] === name);
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && value !== undefined && typeof value === "object" && !Array.isArray(value);
}

function maskText(text: string, { key, loose }: Masking): string {
  const hide: Hide = (value) => `(hidden ${maskedHash(key, value)})`;
  return hideIn(text, loose ? [...shapes, assignment, opaque] : shapes, hide);
}

/** `--password hunter2`: the word after a flag that asks for a secret. */
function maskWords(words: readonly Json[], masking: Masking): Json[] {
  return words.map((word, index) => {
    if (typeof word !== "string") return word;
    const before = words[index - 1];
    if (typeof before === "string" && secretFlag.test(before) && !word.startsWith("-"))
      return `(hidden ${maskedHash(masking.key, word)})`;
    return maskText(word, masking);
  });
}

/** A literal `value` of an environment variable or a request header, compared with its namesake on the other side. */
function maskValue(item: JsonObject, other: Json | undefined, key: string): Json {
  const value = typeof item["value"] === "string" ? item["value"] : JSON.stringify(item["value"]);
  const known = isObject(other) && "value" in other ? other["value"] : undefined;
  const compared = known === undefined ? "" : known === item["value"] ? "unchanged, " : "changed, ";
  return { ...item, value: `(hidden, ${compared}${maskedHash(key, value)})` };
}

function mask(value: Json, other: Json | undefined, masking: Masking): Json {
  if (typeof value === "string") return maskText(value, masking);
  if (Array.isArray(value)) {
    if (masking.loose) return maskWords(value, masking);
    return value.map((item, index) =>
      mask(
        item,
        isObject(item) && "name" in item
          ? named(other, item["name"])
          : Array.isArray(other)
            ? other[index]
            : undefined,
        masking,
      ),
    );
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      const across = isObject(other) ? other[field] : undefined;
      if ((field === "env" || field === "httpHeaders") && Array.isArray(inner)) {
        return [
          field,
          inner.map((item) =>
            isObject(item) && "value" in item
              ? maskValue(item, named(across, item["name"]), masking.key)
              : mask(item, undefined, masking),
          ),
        ];
      }
      return [field, mask(inner, across, { ...masking, loose: masking.loose || looseFields.has(field) })];
    }),
  );
}

/**
 * A template fit to be shown: literal environment values and whatever looks like a credential give way to a short keyed
 * hash, by which equal ones can be recognized. Names of Secrets and ConfigMaps stay.
 */
export function hideValues(template: JsonObject, other: JsonObject, key: string): JsonObject {
  return mask(template, other, { key, loose: false }) as JsonObject;
}

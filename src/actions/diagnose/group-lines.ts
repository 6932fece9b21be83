import { cleanLine } from "../../domain/clean-text.ts";
import { hideSecrets } from "./hide-secrets.ts";

/** Characters of a line that are looked at: what tells errors apart comes first. */
const longestLine = 2000;
const longestExample = 300;
/** Different errors that are kept apart; of a log where each line is new the rest is only counted. */
const mostGroups = 500;

const badLevels = new Set(["error", "err", "fatal", "critical", "crit", "panic", "alert", "emerg", "severe"]);
const badWords = /\b(error|exception|fatal|panic|critical|traceback|out of memory|refused|timed? ?out)\b/i;

export interface LineGroup {
  pattern: string;
  count: number;
  pods: Set<string>;
  example: string;
  previous: boolean;
}

type Fields = Record<string, unknown>;

function fieldsOf(line: string): Fields | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    // A line that only looks like JSON is text like any other.
    return null;
  }
}

function textField(fields: Fields, names: readonly string[]): string | undefined {
  return names.map((name) => fields[name]).find((value) => typeof value === "string");
}

/** The message of a line that tells of an error; null: it does not. Lines of JSON say it by their level. */
export function errorOf(raw: string): string | null {
  const line = cleanLine(raw.slice(0, longestLine));
  const fields = fieldsOf(line);
  if (fields === null) {
    return /\b(error|fatal|critical|panic)[\]:| ]/i.test(line.slice(0, 80)) || badWords.test(line)
      ? line
      : null;
  }
  const level = textField(fields, ["level", "severity", "levelname", "lvl"])?.toLowerCase();
  const message = textField(fields, ["message", "msg", "error", "err", "exception"]) ?? line;
  if (level !== undefined) return badLevels.has(level) ? message : null;
  return badWords.test(message) ? message : null;
}

/** What is the same in two errors that differ only in their numbers, ids, addresses and quoted values. */
export function patternOf(message: string): string {
  return cleanLine(message)
    .replaceAll(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, "#")
    .replaceAll(/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}[\d.,]*(?:Z|[+-]\d{2}:?\d{2})?/g, "#")
    .replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, "#")
    .replaceAll(/\b0x[0-9a-f]+\b/gi, "#")
    .replaceAll(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b/gi, "#")
    .replaceAll(/\d+(?:[.,]\d+)*/g, "#")
    .slice(0, 200);
}

/** Counts errors that are alike. */
export function createGroups() {
  const groups = new Map<string, LineGroup>();
  let lines = 0;
  return {
    take(text: string, pod: string, previous: boolean): void {
      for (const line of text.split("\n")) {
        if (line === "") continue;
        lines += 1;
        const message = errorOf(line);
        if (message === null) continue;
        const shown = hideSecrets(cleanLine(message));
        const pattern = patternOf(shown);
        const known = groups.get(pattern);
        if (known) {
          known.count += 1;
          known.pods.add(pod);
        } else if (groups.size < mostGroups) {
          const example = shown.length > longestExample ? `${shown.slice(0, longestExample - 1)}…` : shown;
          groups.set(pattern, { pattern, count: 1, pods: new Set([pod]), example, previous });
        }
      }
    },
    lines: () => lines,
    /** Most frequent first. */
    found: (most: number) => [...groups.values()].toSorted((a, b) => b.count - a.count).slice(0, most),
  };
}

import { differences } from "./differences.ts";

export interface NormalizeOptions {
  /** The order of lines depends on random names or on the moment: sort them, in tables without the header. */
  rows?: "sorted" | "unordered";
}

const weekday = String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}`;
const hash = "[4-9bcdf]{6,10}";
const suffix = "[bcdfghjklmnpqrstvwxz2456789]{5}";

/** Before all others: parts of these look like hashes. */
const first: [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uid>"],
  [/^[EWI]\d{4} \d{2}:\d{2}:\d{2}\.\d+ +\d+ /gm, "<klog> "],
  // Said when kubectl's own deadline falls between two of its watches.
  [/^<klog> .*context deadline exceeded.*\n/gm, ""],
];

const variable: [RegExp, string][] = [
  [/\/tmp\/(LIVE|MERGED)-\d+/g, "<$1>"],
  [/\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)? [+-]\d{4}/g, "<time>"],
  [new RegExp(weekday, "g"), "<time>"],
  [/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})/g, "<time>"],
  [/\b(?:fake|containerd|docker-pullable|docker\.io)(?:-[a-z]+)?:?\/+\S+/g, "<id>"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, "<ip>"],
  // The two clusters have different numbers of nodes.
  [/\b0\/\d+ nodes are available/g, "0/<n> nodes are available"],
  [/\b\d+ (?=Preemption is not helpful)/g, "<n> "],
  [/\b(?:lab-node|practice-node-\d)\b/g, "<node>"],
  [/(resourceVersion: )"\d+"/g, '$1"<version>"'],
  [/\bkube-api-access-\w{5}\b/g, "kube-api-access-<token>"],
  [/(?<![\w.-])\d+[smhd](?:\d+[smhd])?(?![\w-])/g, "<age>"],
  [/ \(x\d+ over <age>\)/g, ""],
  [/\b\d+ \(<age> ago\)/g, "<restarts>"],
  [/(CrashLoopBackOff +)\d+/g, "$1<restarts>"],
  [/(Restart Count: +)\d+/g, "$1<restarts>"],
];

/**
 * Makes the output of two clusters comparable: what is random or depends on the moment gets a name, the width of
 * columns goes. Template hashes are numbered by their first appearance, so that it still shows which is which.
 */
export function createNormalizer(): (text: string, command: string, options?: NormalizeOptions) => string[] {
  const hashes = new Map<string, string>();

  function numbered(text: string): string {
    const known = hashes.get(text) ?? `<hash ${hashes.size + 1}>`;
    hashes.set(text, known);
    return known;
  }

  return function normalize(text, command, { rows } = {}) {
    let result = text;
    for (const [pattern, name] of first) result = result.replace(pattern, name);
    result = result.replace(
      new RegExp(`\\b(${hash})(?:-(${suffix}))?\\b`, "g"),
      (_, found: string, pod?: string) => {
        const name = rows ? "<hash>" : numbered(found);
        return pod ? `${name}-<pod>` : name;
      },
    );
    result = result.replace(new RegExp(`\\b(agent|guard|job-[a-z]+(?:-\\d)?)-${suffix}\\b`, "g"), "$1-<pod>");
    for (const [pattern, name] of variable) result = result.replace(pattern, name);
    for (const { apply } of differences) result = apply?.(result, command) ?? result;
    let lines = result.split("\n").map((line) => line.replace(/(\S) {2,}/g, "$1  ").replace(/\s+$/, ""));
    if (lines.at(-1) === "") lines.pop();
    lines = withSortedEvents(lines);
    if (rows === "sorted") lines = [...lines.slice(0, 1), ...lines.slice(1).sort()];
    if (rows === "unordered") lines.sort();
    return lines;
  };
}

/** Events of the same second come in any order. */
function withSortedEvents(lines: string[]): string[] {
  const start = lines.findIndex((line) => line.startsWith("Events:"));
  if (start < 0) return lines;
  const rest = lines.slice(start + 3);
  const end = rest.findIndex((line) => !line.startsWith("  "));
  const events = end < 0 ? rest : rest.slice(0, end);
  return [...lines.slice(0, start + 3), ...new Set(events.sort()), ...(end < 0 ? [] : rest.slice(end))];
}

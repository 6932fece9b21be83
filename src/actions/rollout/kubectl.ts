import type { Target } from "../../domain/app.ts";

/** The line that does the same without crai. Names are DNS-1123 names, so nothing needs quoting. */
export function kubectl(target: Target, ...words: string[]): string {
  const [verb, ...rest] = words;
  return ["kubectl", "-n", target.namespace, verb, ...rest].join(" ");
}

export function rolloutLine(
  target: Target,
  verb: "undo" | "status" | "restart" | "resume" | "history",
  ...flags: string[]
): string {
  return kubectl(target, "rollout", verb, `${target.kind}/${target.name}`, ...flags);
}

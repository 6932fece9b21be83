/** What becomes of a container, by its image's tag; `errors` and `slow` run, but serve badly. */
export type Fate = "runs" | "crash" | "errors" | "slow" | "nopull" | "oom";

const suffixes = ["crash", "errors", "slow", "nopull", "oom"] as const;

export function tagOf(image: string): string {
  const last = image.split("@")[0]!.split("/").at(-1)!;
  return last.includes(":") ? last.split(":")[1]! : "latest";
}

export function fateOf(image: string): Fate {
  const tag = tagOf(image);
  return suffixes.find((suffix) => tag === suffix || tag.endsWith(`-${suffix}`)) ?? "runs";
}

/** Fates of containers that end again and again, and how. */
export const endings = {
  crash: { exitCode: 1, reason: "Error" },
  oom: { exitCode: 137, reason: "OOMKilled" },
} as const satisfies Partial<Record<Fate, { exitCode: number; reason: string }>>;

export function endingOf(image: string): (typeof endings)[keyof typeof endings] | undefined {
  const fate = fateOf(image);
  return fate === "crash" || fate === "oom" ? endings[fate] : undefined;
}

/** What becomes of a container, by its image's tag; `errors` and `slow` run, but serve badly. */
export type Fate = "runs" | "crash" | "errors" | "slow" | "nopull";

const suffixes = ["crash", "errors", "slow", "nopull"] as const;

export function tagOf(image: string): string {
  const last = image.split("@")[0]!.split("/").at(-1)!;
  return last.includes(":") ? last.split(":")[1]! : "latest";
}

export function fateOf(image: string): Fate {
  const tag = tagOf(image);
  return suffixes.find((suffix) => tag === suffix || tag.endsWith(`-${suffix}`)) ?? "runs";
}

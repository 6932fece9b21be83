import type { ModelSettings } from "../../domain/model.ts";
import type { Warning } from "../../domain/plan.ts";

type Figures = Record<string, number> | null;

export interface Compared {
  title: string;
  now: number | null;
  other: number | null;
  atLeast: number;
}

/** The figures that crai.yaml names, of the version in force and of another. */
export function compare(
  { figures }: Pick<ModelSettings, "figures">,
  now: Figures,
  other: Figures,
): Compared[] {
  return Object.entries(figures).map(([key, { title, atLeast }]) => ({
    title,
    atLeast,
    now: now?.[key] ?? null,
    other: other?.[key] ?? null,
  }));
}

function figureText(value: number | null): string {
  return value === null ? "not known" : String(Math.round(value * 10_000) / 10_000);
}

export function comparedText({ now, other, atLeast }: Compared): string {
  return `${figureText(now)} → ${figureText(other)} (wanted: at least ${atLeast})`;
}

/**
 * What speaks against a version. One under its bound is taken only in place of one that is worse still.
 * @param gate false: said, and left to people
 */
export function objections(
  compared: readonly Compared[],
  { version, gate }: { version: number; gate: boolean },
): Warning[] {
  return compared.flatMap(({ title, now, other, atLeast }): Warning[] => {
    if (other === null)
      return [
        {
          level: "warn",
          text: `${title} of version ${version} is not known: its run has recorded none.`,
          next: "Look at the version in the registry before you say yes.",
        },
      ];
    if (other >= atLeast) {
      if (now === null || other >= now) return [];
      return [
        {
          level: "warn",
          text: `${title} of version ${version} was ${figureText(other)} when it was trained, that of the version in force ${figureText(now)}.`,
          next: "Go on only if what it does in production is worse than what was measured then.",
        },
      ];
    }
    const isBetter = now !== null && other > now;
    return [
      {
        level: gate && !isBetter ? "block" : "warn",
        text: `${title} of version ${version} is ${figureText(other)}; at least ${atLeast} is wanted${isBetter ? `, but it is ${figureText(now)} now` : ""}.`,
        next: "Choose another version with `--to`.",
      },
    ];
  });
}

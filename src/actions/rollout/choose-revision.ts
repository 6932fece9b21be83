import type { Target } from "../../domain/app.ts";
import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { templateDigest } from "../../domain/pod-template.ts";
import type { KnownHealth } from "../../engine/playbooks/action.ts";
import type { Json, Revision } from "../../engine/ports.ts";
import { rolloutLine } from "./kubectl.ts";

type Health = ReadonlyMap<string, KnownHealth>;

/** Why this revision and no other. */
export interface Choice {
  revision: Revision;
  /**
   * asked: --to names it; renumbered: --to names a number it once had; healthy: recorded as healthy;
   * not-bad: nothing is recorded healthy, the previous one is known bad; previous: kubectl's choice.
   */
  why: "asked" | "renumbered" | "healthy" | "not-bad" | "previous";
  /** The number given with --to. */
  asked: number | null;
}

export function healthOf(health: Health, revision: Revision): "healthy" | "bad" | "unknown" {
  const known = health.get(templateDigest(revision.template));
  if (!known) return "unknown";
  const { healthyAt, badAt } = known;
  if (badAt !== null && (healthyAt === null || badAt > healthyAt)) return "bad";
  return healthyAt === null ? "unknown" : "healthy";
}

/** Numbers this revision had before an undo gave it a new one. */
export function formerNumbers(revision: Revision): number[] {
  const history = revision.annotations["deployment.kubernetes.io/revision-history"] ?? "";
  return history.split(",").flatMap((text) => (/^\d+$/.test(text.trim()) ? [Number(text)] : []));
}

function listed(revisions: readonly Revision[]): string {
  return revisions.map(({ number }) => number).join(", ");
}

/** `to` as a person wrote it: a whole number from 1, or nothing. */
function parseNumber(to: Json): number | null {
  if (to === null || to === "") return null;
  const text = typeof to === "string" ? to : JSON.stringify(to);
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number))
    throw new UserError(`${quoted(text)} is no revision`, {
      why: "A revision is a whole number.",
      next: "`history` lists them; without --to the last healthy one is taken.",
    });
  if (number < 1)
    throw new UserError(`There is no revision ${number}`, {
      why: "Revisions are counted from 1.",
      next: "`history` lists them; without --to the last healthy one is taken.",
    });
  return number;
}

function named(number: number, revisions: readonly Revision[], target: Target): Choice {
  const exact = revisions.find((revision) => revision.number === number);
  if (exact) return { revision: exact, why: "asked", asked: number };
  const renumbered = revisions.findLast((revision) => formerNumbers(revision).includes(number));
  if (renumbered) return { revision: renumbered, why: "renumbered", asked: number };
  throw new UserError(`${target.name} has no revision ${number}`, {
    why: `It has ${listed(revisions)}. Older ones are dropped (revisionHistoryLimit), and an undo gives a revision a new number.`,
    next: `Name one of these with --to, or see \`${rolloutLine(target, "history")}\`.`,
  });
}

/** The second-highest number, with kubectl's way of settling ties. */
function kubectlsPrevious(revisions: readonly Revision[]): Revision | undefined {
  let latest: Revision | undefined;
  let previous: Revision | undefined;
  for (const revision of revisions) {
    if (latest === undefined || latest.number < revision.number) [previous, latest] = [latest, revision];
    else if (previous === undefined || previous.number < revision.number) previous = revision;
  }
  return previous;
}

/** Which revision a rollback goes to. Throws a UserError for a `to` that names none. */
export function chooseRevision(
  to: Json,
  { revisions, health, target }: { revisions: readonly Revision[]; health: Health; target: Target },
): Choice {
  const number = parseNumber(to);
  const previous = kubectlsPrevious(revisions);
  if (previous === undefined)
    throw new UserError(`${target.name} has no rollout history`, {
      why:
        revisions.length === 0
          ? "No revision of it is kept (revisionHistoryLimit may be 0)."
          : `Revision ${listed(revisions)} is the only one that is kept.`,
      next: "Release the version you want instead.",
    });
  if (number !== null) return named(number, revisions, target);
  const others = revisions.filter((revision) => !revision.current);
  const healthy = others.findLast((revision) => healthOf(health, revision) === "healthy");
  if (healthy) return { revision: healthy, why: "healthy", asked: null };
  const notBad = others.findLast((revision) => healthOf(health, revision) !== "bad");
  if (healthOf(health, previous) === "bad" && notBad)
    return { revision: notBad, why: "not-bad", asked: null };
  return { revision: previous, why: "previous", asked: null };
}

/**
 * True when the chosen revision is one that somebody has rolled back from already: it came after an earlier life of
 * the current one. `kubectl rollout undo` twice goes there and back again.
 */
export function wasLeftBefore(chosen: Revision, current: Revision | undefined): boolean {
  const former = current === undefined ? [] : formerNumbers(current);
  return former.length > 0 && chosen.number > Math.max(...former);
}

import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { formatDuration } from "../../domain/deadline.ts";
import { type Facts, fits, type Rule } from "./rule.ts";
import type { Change, PodsSeen } from "./seen.ts";
import { counted } from "./texts.ts";

const minute = 60_000;

/** The later before the trouble, the more likely its cause. */
function freshness(ageMs: number): number {
  if (ageMs < 30 * minute) return 1;
  return ageMs < 120 * minute ? 0.8 : 0.4;
}

function newest(
  { seen, now }: Facts,
  wanted: (change: Change) => boolean,
): (Change & { ageMs: number }) | undefined {
  const change = seen.changes?.changes.find(wanted);
  return change && { ...change, ageMs: differenceInMilliseconds(now, parseISO(change.at)) };
}

function ago(ageMs: number): string {
  return `${formatDuration(ageMs)} ago`;
}

type Troubled = PodsSeen["troubled"][number];

function ownIn({ seen }: Facts, reasons: readonly string[]): Troubled[] {
  return (seen.pods?.troubled ?? []).filter(
    ({ own, ready, reason }) => own && !ready && reason !== null && reasons.includes(reason),
  );
}

function toldOf(pods: readonly Troubled[]): string[] {
  return pods
    .slice(0, 2)
    .map(({ pod, reason, message, restarts }) =>
      [
        `${pod}: ${reason ?? "not ready"}`,
        ...(restarts > 0 ? [`${restarts} restarts`] : []),
        ...(message ? [message] : []),
      ]
        .join(", ")
        .slice(0, 200),
    );
}

/** Going back helps only where there was a release to go back from. */
function backOr(facts: Facts, other: "restart-failed" | "history") {
  const shipped = newest(facts, ({ own, kind }) => own && kind === "rollout");
  return [{ do: shipped === undefined ? other : "rollback" } as const];
}

/** Errors that a new release brings are in its own words. */
function topErrors({ seen }: Facts, most: number): string[] {
  return (seen.logs?.groups ?? []).slice(0, most).map(({ count, example }) => `×${count} ${example}`);
}

/** What the app's own release, configuration and code explain. */
export const releaseRules: readonly Rule[] = [
  {
    id: "recent-release",
    fits: fits(0.9, 0.85, 0.6, 0.75),
    match(facts) {
      const change = newest(facts, ({ own, kind }) => own && kind === "rollout");
      if (change === undefined) return null;
      return {
        what: `A release shipped ${ago(change.ageMs)}`,
        evidence: [change.what, ...topErrors(facts, 1)],
        weight: freshness(change.ageMs),
        resolutions: [{ do: "rollback" }],
      };
    },
  },
  {
    id: "crash-loop",
    fits: fits(0.95, 0.6, 0.3, 0.6),
    match(facts) {
      const pods = ownIn(facts, ["CrashLoopBackOff", "Error", "StartError", "RunContainerError"]);
      if (pods.length === 0) return null;
      const { own = pods.length } = facts.seen.pods ?? {};
      return {
        what: `${counted(pods.length, "pod")} of ${own} cannot stay up`,
        evidence: [...toldOf(pods), ...topErrors(facts, 1)],
        weight: 1,
        resolutions: backOr(facts, "restart-failed"),
      };
    },
  },
  {
    id: "cannot-start",
    fits: fits(0.85, 0.5, 0.3, 0.4),
    match(facts) {
      const pods = ownIn(facts, [
        "ImagePullBackOff",
        "ErrImagePull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
      ]);
      if (pods.length === 0) return null;
      const isImage = pods.some(({ reason }) => reason?.includes("Image"));
      return {
        what: isImage ? "New pods cannot pull their image" : "New pods lack configuration that they need",
        evidence: toldOf(pods),
        weight: 1,
        resolutions: backOr(facts, "history"),
      };
    },
  },
  {
    id: "model-loading",
    fits: fits(0.85, 0.4, 0.8, 0.2),
    match(facts) {
      const told = (facts.seen.logs?.groups ?? []).filter(({ example }) =>
        /model (artifact|file|version|registry)|(load|loading|loaded) (the )?model|calibration[ _]table|mlflow/i.test(
          example,
        ),
      );
      if (told.length === 0) return null;
      return {
        what: "The model does not load as it should",
        evidence: told.slice(0, 2).map(({ count, example }) => `×${count} ${example}`),
        weight: 0.9,
        resolutions: backOr(facts, "history"),
      };
    },
  },
  {
    id: "replicas-changed",
    fits: fits(0.5, 0.75, 0.05, 0.7),
    match(facts) {
      const change = newest(facts, ({ own, kind }) => own && kind === "scale");
      if (change === undefined) return null;
      return {
        what: `Its number of replicas changed ${ago(change.ageMs)}`,
        evidence: [change.what],
        weight: freshness(change.ageMs),
        resolutions: [{ do: "scale-up" }],
      };
    },
  },
  {
    id: "configuration-changed",
    fits: fits(0.6, 0.5, 0.5, 0.4),
    match(facts) {
      const change = newest(facts, ({ kind }) => kind === "config");
      if (change === undefined) return null;
      return {
        what: `Configuration changed ${ago(change.ageMs)}`,
        evidence: [change.what],
        weight: freshness(change.ageMs),
        resolutions: [{ do: "history" }],
      };
    },
  },
  {
    id: "logged-errors",
    fits: fits(0.55, 0.4, 0.3, 0.2),
    match(facts) {
      const groups = facts.seen.logs?.groups ?? [];
      if (groups.length === 0) return null;
      const count = groups.reduce((sum, group) => sum + group.count, 0);
      return {
        what: `The logs tell of ${counted(count, "error")} of ${counted(groups.length, "kind")}`,
        evidence: topErrors(facts, 3),
        weight: 1,
        resolutions: [],
      };
    },
  },
];

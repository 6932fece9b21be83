import { setTimeout } from "node:timers/promises";
import type { Target } from "../../domain/app.ts";
import type { ActionScope, Contexts } from "../playbooks/action.ts";

/** ms between two looks at a step that waits. */
export const LOOK_EVERY = 1000;
/** ms between two looks at what is watched: only for what time alone brings about. */
export const WATCHED_LOOK_EVERY = 5000;

/** Until one of these workloads has changed since it was last read, or `ms`, or the signal. */
export async function pauseUntilChanged(
  where: Contexts[ActionScope],
  { targets, ms }: { targets: readonly Target[]; ms: number },
  signal: AbortSignal,
): Promise<void> {
  if (targets.length === 0 || !("cluster" in where)) return pauseFor(ms, signal);
  const woken = new AbortController();
  const until = AbortSignal.any([signal, woken.signal]);
  await Promise.race(targets.map((target) => where.cluster.changed(target, ms, until)));
  woken.abort();
}

/** ms, or until the signal. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

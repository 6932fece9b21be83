import { setTimeout } from "node:timers/promises";
import type { ActionScope, Contexts } from "../playbooks/action.ts";

/** ms between two looks at a step that waits; a watch on the workload cuts it short. */
const LOOK_EVERY = 1000;

/** A step that reads the cluster wakes as soon as its workload changes; any other looks again after a while. */
export async function pause(
  where: Contexts[ActionScope],
  watches: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (watches && "target" in where) return where.cluster.changed(where.target, LOOK_EVERY, signal);
  return pauseFor(LOOK_EVERY, signal);
}

/** ms, or until the signal. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

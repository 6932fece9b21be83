import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import type { Json, JsonObject, Workload } from "../../engine/ports.ts";
import { ownersOf } from "./field-owners.ts";

const most = 1000;

/** `5`, or `+2` and `-1` from what there is. Throws a UserError for what comes to no number of replicas. */
export function replicasFrom(given: Json, present: number): number {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  const [, sign, digits] = /^([+-]?)(\d{1,6})$/.exec(text) ?? [];
  const number = sign === "" ? Number(digits) : present + Number(`${sign}${digits}`);
  if (digits !== undefined && number >= 0 && number <= most) return number;
  const from = sign === undefined || sign === "" ? "" : ` There are ${present} now.`;
  throw new UserError(`${quoted(text)} is no number of replicas`, {
    why: `Pods are counted in whole numbers.${from}`,
    next: `Use a whole number from 0 to ${most}, or +2 for two more than there are.`,
  });
}

/** How the number of replicas stood when it was planned to change it. */
export type HeldReplicas = {
  uid: string;
  from: number;
  to: number;
  /** Who held the number, and all else about the workload: see isHeld. */
  owner: string;
  generation: number;
  rest: string;
};

function ownerOf(workload: Workload): string {
  return digest(ownersOf(workload.raw, "spec", "replicas"));
}

function lastScaler(workload: Workload): string {
  const [owner] = ownersOf(workload.raw, "spec", "replicas");
  return owner === undefined ? "somebody" : `${owner.manager}${owner.time === "" ? "" : ` at ${owner.time}`}`;
}

/** Everything that counts as a new generation but the number of replicas. */
function restOf({ raw, annotations }: Workload): string {
  const { replicas: _, ...spec } = raw["spec"] as JsonObject;
  return digest([spec, annotations]);
}

export function heldReplicas(workload: Workload, to: number): HeldReplicas {
  const { uid, replicas: from, generation } = workload;
  return { uid, from, to, owner: ownerOf(workload), generation, rest: restOf(workload) };
}

/**
 * The old number is still the old one, and not set anew by somebody after ours. Owners are recorded with whole seconds
 * only; within one, a new generation in which nothing else changed tells.
 */
function isHeld({ owner, generation, rest }: HeldReplicas, workload: Workload): boolean {
  if (ownerOf(workload) !== owner) return false;
  return workload.generation === generation || restOf(workload) !== rest;
}

/** Neither the old number (still held as it was when planned) nor the wanted one: somebody else decided since. */
export function superseded(state: HeldReplicas, workload: Workload): string | null {
  const { name } = workload.target;
  if (workload.uid !== state.uid) return `${name} was deleted and made again`;
  if (workload.replicas === state.to) return null;
  if (workload.replicas === state.from && isHeld(state, workload)) return null;
  return `Superseded: ${name} was set to ${workload.replicas} replicas by ${lastScaler(workload)}`;
}

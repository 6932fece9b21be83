import { workloadKinds } from "../../domain/app.ts";
import type { Warning } from "../../domain/plan.ts";
import type { Reference, Workload } from "../../engine/ports.ts";
import { rolloutLine } from "./kubectl.ts";

interface Strategy {
  type?: string;
  rollingUpdate?: { partition?: number };
}

/** The controller of a paused Deployment does nothing about a new template, so a wait for it would never end. */
export function pausedWarnings(workload: Workload, verb: string): Warning[] {
  if (!workload.paused) return [];
  return [
    {
      level: "block",
      text: `${workload.target.name} is paused, and a paused Deployment cannot be ${verb}.`,
      next: `Resume it first (\`${rolloutLine(workload.target, "resume")}\`), then plan again.`,
    },
  ];
}

/** Strategies under which a new template does not reach every pod by itself. */
export function strategyWarnings(workload: Workload): Warning[] {
  const { target, raw, replicas } = workload;
  const { kind } = workloadKinds[target.kind];
  const spec = raw["spec"] as { updateStrategy?: Strategy; strategy?: Strategy };
  const strategy = spec.updateStrategy ?? {};
  const partition = strategy.rollingUpdate?.partition ?? 0;
  const warnings: Warning[] = [];
  if (strategy.type === "OnDelete")
    warnings.push({
      level: "warn",
      text: `The update strategy of this ${kind} is OnDelete: its pods change only when somebody deletes them, and crai cannot follow that.`,
      next: "Delete its pods one by one afterwards.",
    });
  if (partition > 0)
    warnings.push({
      level: "warn",
      text: `The partition of this ${kind} is ${partition}: pods below that number keep what they run now.`,
      next: "Lower spec.updateStrategy.rollingUpdate.partition when all pods are to change.",
    });
  if (spec.strategy?.type === "Recreate" && replicas > 0)
    warnings.push({
      level: "warn",
      text: `The strategy of this ${kind} is Recreate: all pods stop before the first new one starts, and nobody is served in between.`,
    });
  if (replicas === 0)
    warnings.push({
      level: "warn",
      text: `${target.name} has 0 replicas: no pod will start, so nothing will show whether this works.`,
      next: "Scale it up afterwards.",
    });
  return warnings;
}

/** What pods cannot start without. A gap that is certain ends the plan here rather than the rollout later. */
export function referenceWarnings(references: readonly Reference[]): Warning[] {
  return references.flatMap(({ kind, name, exists, missingKeys }): Warning[] => {
    if (exists === false)
      return [
        {
          level: "block",
          text: `${kind} ${name} does not exist, and its pods cannot start without it.`,
          next: `Restore the ${kind}, or choose a revision that does not need it.`,
        },
      ];
    if (missingKeys.length > 0)
      return [
        {
          level: "block",
          text: `${kind} ${name} has no ${missingKeys.join(", ")}, and its pods cannot start without that.`,
          next: `Restore the keys, or choose a revision that does not need them.`,
        },
      ];
    return [];
  });
}

/** Said once for all: not being allowed to look is the rule for Secrets. */
export function uncheckedReferences(references: readonly Reference[]): string | null {
  const unchecked = references.filter(({ exists }) => exists === null);
  if (unchecked.length === 0) return null;
  return `${unchecked.map(({ kind, name }) => `${kind} ${name}`).join(", ")} (no right to look)`;
}

import { z } from "zod";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import type { JsonObject } from "../engine/ports.ts";
import { FormerObject } from "./manifest/inverse.ts";
import { objectDiff } from "./manifest/object-diff.ts";
import {
  applyWrites,
  callsOf,
  type Contents,
  objectName,
  observeWrites,
  type ObjectWrite,
} from "./manifest/object-writes.ts";
import { appliedFields } from "./manifest/owned-fields.ts";
import { planObject, type PlannedObject } from "./manifest/plan-object.ts";
import { appsOf } from "./manifest/prepare.ts";
import { type Left, leftBy } from "./manifest/step-state.ts";
import { changeText } from "./manifest/words.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({
  objects: z.array(FormerObject).min(1).describe("what was there before, last applied first"),
});

type RestoreState = {
  writes: ObjectWrite[];
  contents: Record<string, JsonObject>;
  leaves: string[];
  left: Left;
};

interface Restoring {
  planned: PlannedObject | null;
  warnings: Warning[];
}

function leftAlone(former: FormerObject, why: string): Restoring {
  return {
    planned: null,
    warnings: [{ level: "warn", text: `${objectName(former)} is left as it is: ${why}.` }],
  };
}

function removal({ kind, ref }: FormerObject, live: JsonObject): PlannedObject {
  const { uid } = live["metadata"] as { uid: string };
  const write: ObjectWrite = {
    do: "remove",
    kind,
    ref,
    uid,
    fields: null,
    from: "",
    leaves: null,
    force: false,
    changes: true,
  };
  return { write, live, stored: null, warnings: [] };
}

async function restoring(former: FormerObject, context: EnvironmentContext): Promise<Restoring> {
  const { kind, ref, uid, part } = former;
  const live = await context.cluster.objects.get(ref);
  if (part === null) {
    if (live === null) return { planned: null, warnings: [] };
    if (appliedFields(live, fieldManager) === null)
      return leftAlone(former, "somebody else has made it again since");
    return { planned: removal(former, live), warnings: [] };
  }
  if (live === null) return leftAlone(former, "it was deleted since");
  if ((live["metadata"] as { uid: string }).uid !== uid) return leftAlone(former, "it was made again since");
  const rules = { takeOver: [], force: true, newNamespaces: new Set<string>() };
  const planned = await planObject({ kind, ref, content: part }, rules, context);
  return { planned, warnings: planned.warnings };
}

/** Puts objects back as they were before `manifest-apply`, and removes those it made: its recorded inverse. */
export const manifestRestore = defineAction<z.infer<typeof Params>, RestoreState, "environment">({
  name: "manifest-restore",
  scope: "environment",
  params: Params,
  permission: "manifest:apply",

  async plan({ objects }, context) {
    const { clusterName, maskKey } = context;
    const all = await Promise.all(objects.map((former) => restoring(former, context)));
    const planned = all.flatMap((one) => one.planned ?? []).filter(({ write }) => write.changes);
    const writes = planned.map(({ write }) => write);
    const left = leftBy(planned, clusterName);
    const parts = objects.filter(({ part }) => part !== null);
    const targets = left.workloads.map(({ target }) => target);
    const apps = appsOf(targets, context);
    const diffs = planned.flatMap(({ write, live, stored }) => {
      const diff = objectDiff(objectName(write), { before: live, after: stored }, maskKey);
      return diff === null || (write.do === "apply" && stored === null) ? [] : [diff];
    });
    return {
      title: `Put back ${objects.map(objectName).join(", ")}`,
      calls: callsOf(writes, clusterName),
      facts: [
        {
          label: "Puts back",
          value:
            planned
              .map((one) =>
                one.write.do === "remove" ? `${objectName(one.write)} is removed` : changeText(one, []),
              )
              .join("; ") || "nothing: everything is as it was",
        },
      ],
      diff: diffs.length === 0 ? null : diffs.join("\n"),
      kubectl: writes
        .filter((write) => write.do === "remove")
        .map(
          ({ ref, kind }) =>
            `kubectl${ref.namespace === null ? "" : ` -n ${ref.namespace}`} delete ${kind.toLowerCase()} ${ref.name}`,
        ),
      warnings: all.flatMap(({ warnings }) => warnings),
      fingerprint: digest(writes.map(({ ref, uid, from, leaves }) => [ref, uid, from, leaves])),
      inverse: null,
      state: {
        writes,
        contents: Object.fromEntries(parts.map((former) => [objectName(former), former.part as JsonObject])),
        leaves: left.workloads.flatMap(({ template }) => template ?? []),
        left,
      },
      targets,
      ...(apps.length > 0 && { apps }),
    };
  },

  apply(state, context) {
    return applyWrites(state.writes, contentsOf(state), context);
  },

  observe(state, context) {
    return observeWrites(state.writes, contentsOf(state), context);
  },
});

function contentsOf({ contents }: RestoreState): Contents {
  return new Map(Object.entries(contents));
}

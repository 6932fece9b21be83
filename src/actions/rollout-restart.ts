import { z } from "zod";
import { templateDigest } from "../domain/pod-template.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { JsonObject, Workload } from "../engine/ports.ts";
import { onWorkload } from "./rollout/calls.ts";
import { rolloutLine } from "./rollout/kubectl.ts";
import { managersOf } from "./rollout/managers.ts";
import { tryDryRun } from "./rollout/plan-replacement.ts";
import { pausedWarnings, strategyWarnings } from "./rollout/workload-warnings.ts";
import {
  leaves,
  observeTemplate,
  type TemplatePatch,
  templateFingerprint,
  type TemplateWrite,
  writeTemplate,
} from "./rollout/write-template.ts";

const Params = z.strictObject({});

type RestartState = TemplateWrite & { restartedAt: string };

const annotation = "kubectl.kubernetes.io/restartedAt";

function annotationsOf(template: JsonObject): JsonObject {
  return ((template["metadata"] as JsonObject | undefined)?.["annotations"] ?? {}) as JsonObject;
}

function withRestart(template: JsonObject, restartedAt: string): JsonObject {
  const metadata = (template["metadata"] ?? {}) as JsonObject;
  const annotations = { ...annotationsOf(template), [annotation]: restartedAt };
  return { ...template, metadata: { ...metadata, annotations } };
}

function restartPatch(restartedAt: string): TemplatePatch {
  return {
    type: "strategic",
    body: ({ uid }, resourceVersion) => ({
      metadata: { uid, ...(resourceVersion === null ? {} : { resourceVersion }) },
      spec: { template: { metadata: { annotations: { [annotation]: restartedAt } } } },
    }),
  };
}

/** RFC 3339 in whole seconds, as kubectl writes it. */
function seconds(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

/** The moment of the plan, so that the step knows its own work again; a second restart in one second takes the next. */
function restartTime(workload: Workload, now: Date): string {
  const wanted = seconds(now);
  if (annotationsOf(workload.template)[annotation] !== wanted) return wanted;
  const later = structuredClone(now);
  later.setSeconds(later.getSeconds() + 1);
  return seconds(later);
}

/** `kubectl rollout restart`: new pods from the same template. */
export const rolloutRestart = defineAction<z.infer<typeof Params>, RestartState>({
  name: "rollout-restart",
  params: Params,
  permission: "rollout:restart",
  endsPods: true,

  async plan(_, context) {
    const { cluster, target } = context;
    const workload = await cluster.workload(target);
    const restartedAt = restartTime(workload, context.now());
    const restarted = withRestart(workload.template, restartedAt);
    const blocks = pausedWarnings(workload, "restarted");
    const dryRun =
      blocks.length > 0
        ? { stored: null, warnings: [] }
        : await tryDryRun(context, workload, restartPatch(restartedAt));
    const managers = managersOf(workload).map(({ name }) => ({
      level: "warn" as const,
      text: `${name} manages ${target.name}. When it takes the mark of the restart away again, all pods are restarted once more.`,
      next: "Expect a second restart, or suspend it first.",
    }));
    return {
      title: `Restart ${target.name}`,
      calls: onWorkload(target, ["get", "patch"]),
      facts: [{ label: "Restarts", value: `${workload.replicas} pods of ${target.name}` }],
      diff: null,
      kubectl: [rolloutLine(target, "restart")],
      warnings: [...blocks, ...dryRun.warnings, ...managers, ...strategyWarnings(workload)],
      fingerprint: templateFingerprint(workload, null),
      // What ran before is whole again, where the new pods do not come up (kubectl's `rollout undo` after a restart).
      inverse: {
        action: "template-restore",
        title: `Return ${target.name} to what ran before the restart`,
        with: {
          uid: workload.uid,
          was: "what ran before the restart",
          template: workload.template,
          annotations: target.kind === "deployment" ? workload.annotations : null,
        },
      },
      state: {
        uid: workload.uid,
        from: templateDigest(workload.template),
        leaves: leaves(restarted, dryRun.stored),
        restartedAt,
      },
    };
  },

  apply(state, { cluster, target }) {
    return writeTemplate(cluster, target, state, restartPatch(state.restartedAt));
  },

  observe(state, { cluster, target }) {
    return observeTemplate(
      cluster,
      target,
      state,
      `${target.name} is marked as restarted at ${state.restartedAt}`,
    );
  },
});

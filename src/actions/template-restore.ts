import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { sameTemplate, templateDigest } from "../domain/pod-template.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { JsonObject } from "../engine/ports.ts";
import { rolloutLine } from "./rollout/kubectl.ts";
import { planReplacement } from "./rollout/plan-replacement.ts";
import { replacementPatch, type ReplaceState } from "./rollout/replace-template.ts";
import { observeTemplate, writeTemplate } from "./rollout/write-template.ts";

const Params = z.strictObject({
  uid: z.string().describe("of the workload it belongs to"),
  was: z.string().describe("what it was, for people: `revision 4`"),
  template: z.record(z.string(), z.json()).describe("pod template as the cluster stored it"),
  annotations: z.record(z.string(), z.string()).nullable().describe("of the revision, for a Deployment"),
});

/** Puts back the template and annotations that another action replaced: its recorded inverse. */
export const templateRestore = defineAction<z.infer<typeof Params>, ReplaceState>({
  name: "template-restore",
  params: Params,
  permission: "rollout:undo",
  endsPods: true,

  async plan({ uid, was, annotations, ...params }, context) {
    const { cluster, target, health } = context;
    const template = params.template as JsonObject;
    const workload = await cluster.workload(target);
    if (workload.uid !== uid)
      throw new UserError(`${target.name} cannot be returned to ${was}`, {
        why: "It was deleted and made again since, so this is another one.",
        next: "Release the version you want instead.",
      });
    const revisions = await cluster.revisions(workload);
    const current = revisions.find((revision) => revision.current);
    const kept = revisions.findLast((revision) => sameTemplate(revision.template, template));
    const known = health.get(templateDigest(template));
    const isBad = known?.badAt && (known.healthyAt === null || known.badAt > known.healthyAt);
    return planReplacement(
      {
        workload,
        template,
        annotations,
        title: `Return ${target.name} to ${was}`,
        from: current === undefined ? "what runs now" : `revision ${current.number}`,
        to: `the former ${was}`,
        facts: [{ label: "Revision", value: `${current?.number ?? "?"} → what was ${was}` }],
        warnings: isBad
          ? [
              {
                level: "warn",
                text: `What was ${was} is known bad${known.badWhy ? `: ${known.badWhy}` : ""}.`,
              },
            ]
          : [],
        kubectl: kept === undefined ? [] : [rolloutLine(target, "undo", `--to-revision=${kept.number}`)],
      },
      context,
    );
  },

  apply(state, { cluster, target }) {
    return writeTemplate(cluster, target, state, replacementPatch({ target }, state));
  },

  async isHealthier({ leaves }, { cluster, target, health }) {
    const now = templateDigest((await cluster.workload(target)).template);
    const isWell = (template: string): boolean => {
      const known = health.get(template);
      return known?.healthyAt != null && (known.badAt === null || known.badAt < known.healthyAt);
    };
    if (!leaves.some(isWell))
      return { healthier: false, why: "what was there before is not recorded as healthy" };
    if (isWell(now)) return { healthier: false, why: "what is there now is recorded as healthy too" };
    return { healthier: true, why: "" };
  },

  observe(state, { cluster, target }) {
    return observeTemplate(cluster, target, state, state.done);
  },
});

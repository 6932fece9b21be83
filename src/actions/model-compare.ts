import { z } from "zod";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { compare, type Compared, comparedText } from "./model/compare.ts";
import { figuresOf, modelOf, readVersions, whilePlanning } from "./model/versions.ts";

const Params = z.strictObject({});

/** `newest`: the newest version when it was planned; 0: there was none. */
type CompareState = { newest: number };

function evidenceOf(one: Compared): Evidence {
  const { title, now, other, atLeast } = one;
  const ok = other === null ? null : other >= atLeast && (now === null || other >= now);
  return { what: `${title} ${comparedText(one)}`, ok };
}

/** Holds the version that a training has registered against the one in force. What is put in force is left to people. */
export const modelCompare = defineAction<z.infer<typeof Params>, CompareState>({
  name: "model-compare",
  params: Params,
  permission: "workload:read",

  async plan(_, context) {
    const model = modelOf(context);
    const { all, current } = await whilePlanning(readVersions(model, context.registry));
    return {
      title: `the new version of ${model.name} against ${current === null ? "none in force" : `version ${current}`}`,
      calls: [],
      facts: [{ label: "In force", value: current === null ? "no version" : `version ${current}` }],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest([model.registry, model.name]),
      inverse: null,
      state: { newest: all[0]?.version ?? 0 },
    };
  },

  async observe({ newest }, context) {
    const model = modelOf(context);
    const { current, all } = await readVersions(model, context.registry);
    const made = all.find(({ version }) => version > newest);
    if (made === undefined)
      return {
        state: "unknown",
        detail: `The registry has no version of ${model.name} after ${newest}: the training has registered none`,
      };
    const present = all.find(({ version }) => version === current);
    const [now, other] = await Promise.all([
      figuresOf(model, present, context.registry),
      figuresOf(model, made, context.registry),
    ]);
    const evidence = compare(model, now, other).map(evidenceOf);
    const promote = `\`promote-model ${context.app.name} ${made.version}\` puts it in force`;
    const values = { version: made.version, inForce: current };
    const worse = evidence.filter(({ ok }) => ok === false);
    const first: Evidence = {
      what: `Version ${made.version} is registered${worse.length === 0 ? ` and not in force: ${promote}` : "; the one in force stays"}`,
      ok: made.ready ? true : null,
    };
    if (worse.length > 0)
      return {
        state: "failed",
        detail: `Version ${made.version} is not better: ${worse.map(({ what }) => what).join("; ")}`,
        evidence: [first, ...evidence],
        values,
      };
    return { state: "done", evidence: [first, ...evidence], values };
  },
});

import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { Outcome } from "../domain/run.ts";
import { defineAction } from "../engine/playbooks/action.ts";

const Params = z.strictObject({
  of: z
    .array(z.strictObject({ name: z.string(), outcome: z.string() }))
    .min(1)
    .describe("what it is of: `{ name: Smoke tests, outcome: ${{ steps.smoke.outcome }} }`"),
});

type PassedState = z.infer<typeof Params>;

/** The last step of a playbook whose steps may each fail: the run has failed when one of them did. */
export const allPassed = defineAction<z.infer<typeof Params>, PassedState, "none">({
  name: "all-passed",
  scope: "none",
  params: Params,
  permission: "workload:read",

  async plan({ of }) {
    return {
      title: "all of it passed",
      calls: [],
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest(of.map(({ name }) => name)),
      inverse: null,
      state: { of },
    };
  },

  async observe({ of }) {
    const done = of.filter(({ outcome }) => outcome !== "skipped");
    const not = done.filter(({ outcome }) => outcome !== "succeeded");
    const dark = not.filter(({ outcome }) => outcome === Outcome.enum.unknown);
    const named = (some: typeof not): string => some.map(({ name }) => name).join(", ");
    if (not.length === 0)
      return { state: "done", evidence: [{ what: `All ${done.length} checks passed`, ok: true }] };
    const failed = not.filter((one) => !dark.includes(one));
    if (failed.length === 0) return { state: "unknown", detail: `Not known: ${named(dark)}` };
    const detail = [
      `${failed.length} of ${done.length} did not pass: ${named(failed)}`,
      ...(dark.length > 0 ? [`not known: ${named(dark)}`] : []),
    ].join("; ");
    return { state: "failed", detail, evidence: [{ what: detail, ok: false }] };
  },
});

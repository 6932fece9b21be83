import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";

const Params = z.strictObject({});

/** Whether every playbook has been looked through in time: what is written down gets old. */
export const reviewsCheck = defineAction<z.infer<typeof Params>, null, "none">({
  name: "reviews-check",
  scope: "none",
  params: Params,
  permission: "workload:read",

  async plan() {
    return {
      title: "playbooks past their review date",
      calls: [],
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest("reviews-check"),
      inverse: null,
      state: null,
    };
  },

  async observe(_state, { reviews, now }) {
    const today = now().toISOString().slice(0, 10);
    const all = reviews();
    const late = all
      .filter(({ nextReview }) => nextReview < today)
      .map(({ name, owner, nextReview }) => ({ what: `${name} (${owner}) since ${nextReview}`, ok: false }));
    if (late.length === 0)
      return {
        state: "done",
        evidence: [{ what: `All ${all.length} playbooks are within their review date`, ok: true }],
      };
    const detail = `${late.length} of ${all.length} playbooks are past their review: ${late.map(({ what }) => what).join(", ")}`;
    return { state: "failed", detail, evidence: late };
  },
});

import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import { type CiEvidence, ciEvidence } from "./preflight/ci-evidence.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  tag: z.string().nullable().describe("the tag that CI has tested"),
  of: z.string().min(1).describe("which of its tests, such as unit, integration, load, security, chaos"),
  coverage: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .default(null)
    .describe("the least share of the code that they cover"),
});
type Params = z.infer<typeof Params>;

function judge({ tag, of, coverage: least }: Params, tests: CiEvidence["tests"]): Evidence {
  const found = Object.hasOwn(tests, of) ? tests[of] : undefined;
  if (found === undefined) return { what: `CI knows nothing of the ${of} tests of ${tag}`, ok: null };
  if (!found.passed) return { what: `The ${of} tests of ${tag} did not pass`, ok: false };
  if (least === null) return { what: `The ${of} tests of ${tag} passed`, ok: true };
  if (found.coverage === undefined)
    return { what: `The ${of} tests of ${tag} passed; how much they cover is not said`, ok: null };
  return {
    what: `The ${of} tests of ${tag} passed and cover ${Math.floor(found.coverage * 100)} % (at least ${Math.round(least * 100)} %)`,
    ok: found.coverage >= least,
  };
}

/** What CI says of the tests of exactly this tag. */
export const evidenceCheck = defineCheck<Params>({
  name: "evidence-check",
  params: Params,
  title: ({ of, tag }) => `${of} tests of ${tag ?? "no tag"}`,
  calls: () => [],
  async look(params, context) {
    if (params.tag === null) return [{ what: "No tag was named whose tests could be asked for", ok: null }];
    const answer = await ciEvidence(params.tag, context);
    return [answer.known ? judge(params, answer.evidence.tests) : { what: answer.why, ok: null }];
  },
});

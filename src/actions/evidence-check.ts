import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import type { Evidence } from "../domain/timeline.ts";
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

const Answer = z.object({
  tests: z.record(
    z.string(),
    z.object({ passed: z.boolean(), coverage: z.number().min(0).max(1).optional() }),
  ),
});

const timeoutMs = 5000;

function judge({ tag, of, coverage: least }: Params, tests: z.infer<typeof Answer>["tests"]): Evidence {
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
  async look(params, { settings, http }) {
    const url = settings.preflight?.evidence;
    if (params.tag === null) return [{ what: "No tag was named whose tests could be asked for", ok: null }];
    if (url === undefined)
      return [{ what: "Where CI tells of its tests is not configured (preflight.evidence)", ok: null }];
    const address = `${url.replace(/\/$/, "")}/${encodeURIComponent(params.tag)}`;
    const answer = await http.json(address, timeoutMs);
    if (!answer.ok) return [{ what: `CI did not answer: ${cleanLine(answer.detail)}`, ok: null }];
    const read = Answer.safeParse(answer.body);
    if (!read.success) return [{ what: "CI answered something that is no list of tests", ok: null }];
    return [judge(params, read.data.tests)];
  },
});

import { z } from "zod";
import { cleanLine } from "../../domain/clean-text.ts";
import type { BaseContext } from "../../engine/playbooks/action.ts";

const CiEvidence = z.object({
  image: z.string().min(1).optional(),
  tests: z.record(
    z.string(),
    z.object({ passed: z.boolean(), coverage: z.number().min(0).max(1).optional() }),
  ),
});
/** What CI knows of a tag: the image that it pushed, and how its tests went. */
export type CiEvidence = z.infer<typeof CiEvidence>;

const timeoutMs = 5000;

/** What CI says of exactly this tag, or why that is not known. */
export async function ciEvidence(
  tag: string,
  { settings, http }: Pick<BaseContext, "settings" | "http">,
): Promise<{ known: true; evidence: CiEvidence } | { known: false; why: string }> {
  const url = settings.preflight?.evidence;
  if (url === undefined)
    return { known: false, why: "Where CI tells of its tests is not configured (preflight.evidence)" };
  const answer = await http.json(`${url.replace(/\/$/, "")}/${encodeURIComponent(tag)}`, timeoutMs);
  if (!answer.ok) return { known: false, why: `CI did not answer: ${cleanLine(answer.detail)}` };
  const read = CiEvidence.safeParse(answer.body);
  if (!read.success) return { known: false, why: "CI answered something that is no list of tests" };
  return { known: true, evidence: read.data };
}

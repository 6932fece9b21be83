import { z } from "zod";

const Rules = z.array(z.record(z.string(), z.json()));

/** What emergencies need to know of an organization. */
export const Emergency = z.strictObject({
  quarantine: z
    .strictObject({
      ingress: Rules.default([]).describe(
        "rules of a NetworkPolicy for what still may come in, as for forensics",
      ),
      egress: Rules.default([]).describe("rules of a NetworkPolicy for what still may go out, as DNS"),
      enforced: z
        .boolean()
        .optional()
        .describe("true once somebody has seen that the network plugin enforces NetworkPolicies"),
    })
    .optional()
    .describe("what `/crai quarantine` lets through; without it nothing"),
});

import { z } from "zod";

/** What a parameter is for: only playbooks of that purpose set it. */
const Purpose = z.enum(["bias", "caching"]);
export type Purpose = z.infer<typeof Purpose>;

/** One value in a ConfigMap that people may change through crai. */
export const Parameter = z
  .strictObject({
    title: z.string().describe("the name people use"),
    purpose: Purpose.describe("which playbook sets it: `/crai adjust-bias` or `/crai enable-caching`"),
    configMap: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a DNS-1123 name")
      .describe("in the namespace of the app"),
    key: z
      .string()
      .regex(/^[-._A-Za-z0-9]{1,253}$/, "a key of a ConfigMap")
      .describe("its key there"),
    min: z.number().optional().describe("the least that a number may be"),
    max: z.number().optional().describe("the most that a number may be"),
    values: z
      .record(z.string().regex(/^[a-z0-9-]{1,40}$/, "lower-case letters, digits and -"), z.string())
      .optional()
      .describe("of one that is no number: the words people choose from, and what is written for each"),
  })
  .superRefine(({ min, max, values }, ctx) => {
    if (values === undefined && (min === undefined || max === undefined))
      ctx.addIssue({ code: "custom", message: "a number needs `min` and `max`, anything else its `values`" });
    if (values !== undefined && (min ?? max) !== undefined)
      ctx.addIssue({ code: "custom", message: "either `min` and `max`, or `values`" });
    if (min !== undefined && max !== undefined && min > max)
      ctx.addIssue({ code: "custom", path: ["min"], message: "`min` is over `max`" });
  });
export type Parameter = z.infer<typeof Parameter>;

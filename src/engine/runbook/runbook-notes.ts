import { z } from "zod";

const item = z
  .string()
  .min(1)
  .describe(
    "the item's name in the runbook; names of headings before it, with ` > ` between, where others share it",
  );

/** The YAML under playbooks/runbooks/: what is to be said about a runbook beside what playbooks carry out of it. */
export const RunbookNotes = z.strictObject({
  apiVersion: z.literal("crai/v1"),
  kind: z.literal("Runbook"),
  metadata: z.strictObject({
    title: z.string().describe("the title of the Markdown document it speaks of"),
    owner: z.string().describe("the team that decides what is open"),
  }),
  covered: z
    .array(
      z
        .strictObject({
          item,
          command: z.string().optional().describe("the crai command that does it"),
          rule: z
            .string()
            .optional()
            .describe("the alert rule under deploy/monitoring that keeps watch over it"),
          how: z.enum(["automatic", "assisted"]).default("automatic"),
        })
        .refine(
          ({ command, rule }) => (command === undefined) !== (rule === undefined),
          "either a command or a rule",
        ),
    )
    .default([])
    .describe("what a command or an alert rule takes care of, where no step of a playbook does"),
  manual: z
    .array(z.strictObject({ item, why: z.string().describe("why people do it without crai") }))
    .default([])
    .describe("what people do, knowingly"),
  deviations: z
    .array(
      z.strictObject({
        item,
        problem: z.string().describe("why the runbook's own words cannot do what they say"),
        instead: z.string().describe("what crai does instead"),
        decide: z.string().describe("what the runbook's owner should decide"),
      }),
    )
    .default([])
    .describe("where crai does not follow the runbook to the letter"),
});
export type RunbookNotes = z.infer<typeof RunbookNotes>;

import { z } from "zod";
import { Permission } from "./access.ts";
import { Duration } from "./deadline.ts";
import { Risk } from "./plan.ts";

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens");

/** A typed input: free text never reaches a path, a shell or a query. */
const Input = z.strictObject({
  type: z.enum(["app", "environment", "revision", "int", "text"]).describe("what the value must be"),
  required: z.boolean().default(false),
  description: z.string().describe("shown in help"),
});

/** A value of `with` may hold one `${{ CEL }}`, resolved once and typed. */
const Step = z.strictObject({
  id: Name.describe("unique in the playbook; the name of the step on the timeline"),
  action: Name.describe("an action of the catalog"),
  with: z.record(z.string(), z.json()).default({}).describe("the action's parameters"),
  when: z.string().optional().describe("CEL over `inputs`; the step is skipped when it is false"),
  timeout: Duration.default(600_000).describe("the step ends as failed or unknown after this long"),
});
export type Step = z.infer<typeof Step>;

/** The YAML under playbooks/. Unknown keys are refused. */
export const Playbook = z.strictObject({
  apiVersion: z.literal("crai/v1"),
  kind: z.literal("Playbook"),
  metadata: z.strictObject({
    name: Name.describe("unique among the playbooks"),
    version: z.int().min(1).describe("raised with each change; plans and runs record it"),
    title: z.string().describe("with `${{ CEL }}`: how a plan of it is announced"),
    owner: z.string().describe("the team that keeps it right"),
    runbook: z.array(z.string()).describe("headings of the runbook this carries out"),
    reviewed: z.iso.date().describe("the day somebody last checked it against the runbook"),
    nextReview: z.iso.date().describe("the day it is due again"),
  }),
  command: z
    .strictObject({ usage: z.string().describe("the line shown in help") })
    .optional()
    .describe("present when a person may start it"),
  inputs: z.record(Name, Input).default({}).describe("what it is started with, by name"),
  on_alert: z
    .strictObject({
      level: z
        .array(z.enum(["critical", "warning", "info"]))
        .default(["critical"])
        .describe("alerts of these levels"),
      labels: z.record(z.string(), z.string()).default({}).describe("all of these must match"),
      mode: z.literal("propose").describe("alerts propose, people decide"),
    })
    .optional()
    .describe("which alerts offer it as the fix"),
  permission: Permission.describe("what the person who starts it must be allowed"),
  risk: Risk.describe("who says yes: nobody, the requester if on call, or always a second person"),
  steps: z.array(Step).min(1).describe("in order; the first that fails ends the run"),
  verify: z.array(Step).default([]).describe("only look; they decide cured, not cured or effect unknown"),
});
export type Playbook = z.infer<typeof Playbook>;

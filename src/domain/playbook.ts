import { z } from "zod";
import { Permission } from "./access.ts";
import { Duration } from "./deadline.ts";
import { Risk } from "./plan.ts";

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens");

/** A typed input: free text never reaches a path, a shell or a query. */
export const Input = z.strictObject({
  type: z.enum(["app", "environment", "revision", "int", "text"]),
  required: z.boolean().default(false),
  description: z.string(),
});
export type Input = z.infer<typeof Input>;

/** A value of `with` may hold one `${{ CEL }}`, resolved once and typed. */
const Step = z.strictObject({
  id: Name,
  action: Name,
  with: z.record(z.string(), z.json()).default({}),
  when: z.string().optional().describe("CEL over `inputs`; the step is skipped when it is false"),
  timeout: Duration.default(600_000),
});
export type Step = z.infer<typeof Step>;

/** The YAML under playbooks/. Unknown keys are refused. */
export const Playbook = z.strictObject({
  apiVersion: z.literal("crai/v1"),
  kind: z.literal("Playbook"),
  metadata: z.strictObject({
    name: Name,
    version: z.int().min(1),
    title: z.string().describe("with `${{ CEL }}`: how a plan of it is announced"),
    owner: z.string(),
    runbook: z.array(z.string()).describe("headings of the runbook this carries out"),
    reviewed: z.iso.date(),
    nextReview: z.iso.date(),
  }),
  command: z.strictObject({ usage: z.string() }).optional(),
  inputs: z.record(Name, Input).default({}),
  on_alert: z
    .strictObject({
      level: z.array(z.enum(["critical", "warning", "info"])).default(["critical"]),
      labels: z.record(z.string(), z.string()).default({}),
      mode: z.literal("propose").describe("alerts propose, people decide"),
    })
    .optional(),
  permission: Permission,
  risk: Risk,
  steps: z.array(Step).min(1).describe("in order; the first that fails ends the run"),
  verify: z.array(Step).default([]).describe("only look; they decide cured, not cured or effect unknown"),
});
export type Playbook = z.infer<typeof Playbook>;

import { z } from "zod";
import { Role, Rule } from "./access.ts";
import { Identity } from "./actor.ts";
import { App } from "./app.ts";
import { Duration } from "./deadline.ts";
import { Severity } from "./severity.ts";

/** crai.yaml: what the organization is. Secrets are never in it. */
export const Config = z.strictObject({
  slack: z
    .strictObject({
      command: z
        .string()
        .regex(/^\/[a-z0-9_-]{1,31}$/)
        .default("/crai"),
      announce: z
        .string()
        .optional()
        .describe("channel ID where outages are announced; confidential ones never are"),
    })
    .prefault({}),
  clusters: z.record(
    z.string(),
    z.strictObject({
      context: z.string().optional().describe("context in KUBECONFIG; absent with inCluster: true"),
      inCluster: z.boolean().default(false),
      prometheus: z.url().optional(),
    }),
  ),
  apps: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/), App),
  access: z.strictObject({
    roles: z.record(z.string(), Role),
    rules: z.array(Rule),
    identities: z
      .record(z.string(), Identity)
      .describe("Slack user ID, `alert:<source>`, `schedule:<name>` or `observer`"),
  }),
  severities: z
    .record(Severity, z.strictObject({ means: z.string(), update: Duration.optional() }))
    .optional(),
  contacts: z.record(z.string(), z.string()).default({}),
  deadlines: z
    .strictObject({
      approval: Duration.default(600_000).describe("a plan waits this long for its yes"),
      breakGlass: Duration.default(120_000).describe(
        "a guarded plan may be forced after this long without an answer",
      ),
      settle: Duration.default(30_000).describe("after a rollout, before metrics are judged"),
      window: Duration.default(120_000).describe("how long metrics are watched after the settle time"),
      healthy: Duration.default(600_000).describe(
        "a revision counts as healthy after this long fully available",
      ),
      observe: Duration.default(15_000).describe("how often revisions' health is observed"),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;

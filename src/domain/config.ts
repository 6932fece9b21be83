import { z } from "zod";
import { Role, Rule } from "./access.ts";
import { Identity } from "./actor.ts";
import { App } from "./app.ts";
import { Contact, EscalationLevel } from "./contact.ts";
import { Dashboard } from "./dashboard.ts";
import { Duration } from "./deadline.ts";
import { Emergency } from "./emergency.ts";
import { Domain, JobSettings } from "./job.ts";
import { Manifests } from "./manifests.ts";
import { Preflight } from "./preflight.ts";
import { Retention } from "./retention.ts";
import { Severity } from "./severity.ts";
import { Holiday } from "./schedule.ts";
import { isTimeZone } from "./time-zone.ts";

/** crai.yaml: what the organization is. Secrets are never in it. */
export const Config = z.strictObject({
  slack: z
    .strictObject({
      command: z
        .string()
        .regex(/^\/[a-z0-9_-]{1,31}$/, "a slash and lower-case letters, as in /crai")
        .default("/crai")
        .describe("the slash command, as manifest.yml names it"),
      announce: z
        .string()
        .optional()
        .describe("channel ID where outages are announced; confidential ones never are"),
    })
    .prefault({})
    .describe("how crai appears in Slack"),
  clusters: z
    .record(
      z.string(),
      z.strictObject({
        context: z.string().optional().describe("context in KUBECONFIG; absent with inCluster: true"),
        inCluster: z.boolean().default(false).describe("use the service account of crai's own pod"),
        prometheus: z.url().optional().describe("base URL that answers /api/v1/query"),
      }),
    )
    .describe("the clusters crai may act on, by the name used here"),
  apps: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/), App)
    .describe("the things that break, by the name typed in commands"),
  access: z
    .strictObject({
      roles: z.record(z.string(), Role).describe("who holds which access role, asked at the moment of use"),
      rules: z.array(Rule).describe("what roles may do; what no rule allows is denied"),
      identities: z
        .record(z.string(), Identity)
        .describe(
          "the Kubernetes user and groups to impersonate, by Slack user ID, `alert:<source>`, `schedule:<name>` or `observer`",
        ),
    })
    .describe("who may do what, and as whom the cluster sees them"),
  confidential: z
    .strictObject({
      security: z
        .array(z.record(z.string(), z.string()))
        .default([])
        .describe("an alert opens a security incident when all labels of one entry match"),
      breach: z
        .array(z.record(z.string(), z.string()))
        .default([])
        .describe("an alert opens a breach incident when all labels of one entry match"),
      members: z
        .array(z.string().regex(/^[UWS][A-Z0-9]+$/, "a Slack user ID (U…) or user group ID (S…)"))
        .default([])
        .describe("Slack user IDs (U…) and user group IDs (S…) who are invited to each of them"),
    })
    .prefault({})
    .describe(
      "incidents that only their members see. A label `kind` or `incident_kind` of `security` or `breach` makes one too. PagerDuty passes no labels on: match its incidents by `pagerduty_service` (ID) or `incident_type` (name)",
    ),
  severities: z
    .record(
      Severity,
      z.strictObject({
        means: z.string().describe("in this organization's words"),
        update: Duration.optional().describe("how often people are told how it stands"),
      }),
    )
    .optional()
    .describe("what each severity means here and how often people are told: all four, or none"),
  timeZone: z
    .string()
    .default("UTC")
    .refine(isTimeZone, "a time zone by its IANA name, as in Europe/Berlin")
    .describe("where the team's day begins and ends, by its IANA name"),
  holidays: z
    .array(Holiday)
    .default([])
    .describe(
      "days on which nobody works, as 2026-12-25, or 12-25 for each year; weekends need not be named",
    ),
  teams: z
    .record(
      z.string(),
      z.strictObject({
        channel: z
          .string()
          .optional()
          .describe("channel ID where what is theirs to do is posted; default: `slack.announce`"),
        lead: z
          .string()
          .regex(/^[UW][A-Z0-9]+$/, "a Slack user ID (U…)")
          .optional()
          .describe("who is told when it is overdue"),
      }),
    )
    .default({})
    .describe("teams that own playbooks and items of checklists, by the names that those use"),
  digest: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of day, as in 09:00")
    .default("09:00")
    .describe("when, in `timeZone`, a day's info alerts are told in one message"),
  docs: z
    .record(z.string(), z.url())
    .default({})
    .describe(
      "links that `/crai docs` hands out, by what they are; an app has its own under `apps.<name>.docs`",
    ),
  jobs: z
    .record(
      z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, "lower-case letters, digits and -"),
      JobSettings,
    )
    .default({})
    .describe("programs that playbooks run as Kubernetes Jobs, by the name that their steps use"),
  domains: z.array(Domain).default([]).describe("names whose TLS and certificates are checked"),
  manifests: Manifests.optional().describe("what a deploy applies"),
  preflight: Preflight.optional().describe(
    "what the checklist before a deploy looks at, and where one is required",
  ),
  emergency: Emergency.optional().describe("what emergencies need to know"),
  dashboards: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "lower-case letters, digits and -"), Dashboard)
    .default({})
    .describe("what `/crai dashboard <name>` draws, and `/crai metrics` lists"),
  contacts: z
    .record(z.string(), Contact)
    .default({})
    .describe(
      "how to reach teams, people and vendors, by their name: one line of text, or each way by its name",
    ),
  escalation: z
    .array(EscalationLevel)
    .default([])
    .describe(
      "whom `/crai escalate` calls, one after the other, and crai by itself where PagerDuty does not know of an incident",
    ),
  invitations: z
    .strictObject({
      outage: z.array(z.string()).default([]).describe("names under `contacts`"),
      security: z.array(z.string()).default([]).describe("names under `contacts`"),
      breach: z.array(z.string()).default([]).describe("names under `contacts`"),
    })
    .prefault({})
    .describe("who is invited to each incident of a kind, beside the people on call"),
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
      together: Duration.default(600_000).describe(
        "critical alerts of one app that begin within this long are one trouble, and told once",
      ),
      escalate: Duration.default(300_000).describe(
        "a sev1 or sev2 that PagerDuty does not know of and nobody acknowledges, and a call that nobody answers, go on to the next level after this long",
      ),
      assign: Duration.default(3_600_000).describe(
        "a warning that nobody takes for this long is told to the app's owner",
      ),
      stillFiring: Duration.default(600_000).describe(
        "alerts that still fire this long after an incident was mitigated or resolved are told of once more",
      ),
      silence: Duration.default(18_000_000).describe(
        "a firing alert that nobody repeats for this long is `not heard since`; longer than Alertmanager's repeat_interval (4h by default)",
      ),
    })
    .prefault({})
    .describe("how long crai waits, and for what"),
  retention: Retention.prefault({}).describe(
    "how long crai keeps what it no longer needs. Incidents, timelines, plans, approvals and runs are never deleted",
  ),
});
export type Config = z.infer<typeof Config>;

import { z } from "zod";
import { Duration } from "./deadline.ts";
import { quantityOf } from "./quantity.ts";

const Quantity = z
  .string()
  .refine((text) => quantityOf(text) !== null, "an amount as Kubernetes writes it, such as 500m or 1Gi");

const DnsName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a DNS-1123 name");

/** How the figures are found in what a Job leaves: its termination message, or else the JSON in its log. */
export const reportKinds = {
  none: "it leaves no figures",
  json: "numbers by name, as one JSON object, or a line `{metric, value}` for each",
  locust: "of `locust --json`: requests, failures, errorRate, requestsPerSecond, p50, p95, p99 (seconds)",
  trivy: "of `trivy image --format json`: critical, high, medium, low, unknown (vulnerabilities)",
} as const;
export type ReportKind = keyof typeof reportKinds;

/** A program that crai may run as a Kubernetes Job. */
export const JobSettings = z.strictObject({
  image: z.string().min(1).describe("its image; may hold `${{ }}` like `args`"),
  command: z.array(z.string()).optional().describe("replaces the image's entrypoint; no shell"),
  args: z
    .array(z.string())
    .default([])
    .describe(
      "its arguments, each one as it is. `${{ }}` may name app, environment, namespace, url, image and tag (of what runs, or of `values.tag`), and `values`, what the step gives",
    ),
  env: z.record(z.string(), z.string()).default({}).describe("environment variables that are no secrets"),
  secret: DnsName.optional().describe(
    "a Secret whose keys become environment variables; crai never reads it",
  ),
  namespace: DnsName.optional().describe("where it runs; default: the app's namespace"),
  serviceAccount: DnsName.optional().describe("without one it gets no token for the cluster"),
  limits: z
    .strictObject({ cpu: Quantity.default("500m"), memory: Quantity.default("512Mi") })
    .prefault({})
    .describe("what it requests, and may use at most"),
  deadline: Duration.default(600_000).describe("Kubernetes ends it after this long"),
  startWithin: Duration.default(120_000).describe("it is given up when it has not started by then"),
  keep: Duration.default(3_600_000).describe("how long it and its log stay in the cluster when it has ended"),
  report: z
    .enum(Object.keys(reportKinds) as [ReportKind, ...ReportKind[]])
    .default("none")
    .describe(
      `what its figures are read from: ${Object.entries(reportKinds)
        .map(([kind, meaning]) => `\`${kind}\` ${meaning}`)
        .join("; ")}`,
    ),
  lasting: z
    .boolean()
    .default(false)
    .describe(
      "whether it changes what users depend on (a migration does, a test does not; neither does a training whose model nobody serves yet)",
    ),
});
export type JobSettings = z.infer<typeof JobSettings>;

/** A name that users reach the system by, over TLS. */
export const Domain = z.strictObject({
  name: z
    .string()
    .regex(
      /^(?=.{1,253}$)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
      "a host name",
    )
    .describe("as users type it"),
  port: z.int().min(1).max(65_535).default(443),
  connect: z
    .string()
    .regex(/^[\w.:[\]-]+$/, "a host name or an address")
    .optional()
    .describe("another host to reach it at, such as a load balancer that DNS does not name yet"),
  ca: z.string().optional().describe("PEM file of the authority that signs it, if it is no public one"),
});
export type Domain = z.infer<typeof Domain>;

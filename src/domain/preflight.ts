import { z } from "zod";
import { Duration } from "./deadline.ts";

/** What is looked at before a release, and where a release has to have passed it. */
export const Preflight = z.strictObject({
  required: z
    .array(z.string())
    .default([])
    .describe("environments whose deploy needs a checklist that passed for its tag"),
  within: Duration.default(86_400_000).describe("how long ago it may have passed"),
  workloads: z
    .record(
      z.string(),
      z.strictObject({
        namespace: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "a DNS-1123 label"),
        workload: z
          .string()
          .regex(
            /^(deployment|statefulset|daemonset)\/[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
            "`deployment/<name>`, `statefulset/<name>` or `daemonset/<name>`",
          ),
      }),
    )
    .default({})
    .describe("what has to be ready, such as prometheus, grafana, jaeger, logging"),
  figures: z
    .record(
      z.string(),
      z
        .strictObject({
          query: z.string().min(1).describe("PromQL with one result"),
          atLeast: z.number().optional(),
          atMost: z.number().optional(),
        })
        .refine(({ atLeast, atMost }) => (atLeast ?? atMost) !== undefined, "needs `atLeast` or `atMost`"),
    )
    .default({})
    .describe("figures that have to be within bounds, such as auc, accuracy, bias, energy"),
  attest: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      "the access role whose members attest what crai cannot see, by the item's name in the playbook; an item that is not here is ticked by whoever may answer",
    ),
  evidence: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "URL of what CI knows of tags; the tag is put behind it as one path segment. It answers with JSON: `{image: <its address with the digest>, tests: {unit: {passed, coverage}, integration: {passed}, …}}`",
    ),
});

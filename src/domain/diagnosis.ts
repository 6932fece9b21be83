import { z } from "zod";

/** What `/crai diagnose` looks at for one app beside the cluster itself. Each part that is absent is said to be. */
export const Diagnosis = z.strictObject({
  database: z
    .strictObject({
      app: z.string().describe("a name under `apps`, in the same environment: its pods answer psql"),
      service: z
        .string()
        .regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, "a DNS-1035 name")
        .describe("the Service by which the app reaches it"),
      user: z
        .string()
        .regex(/^[a-z_][a-z0-9_-]{0,62}$/, "a PostgreSQL role")
        .default("postgres")
        .describe("the role psql connects as, from inside the pod"),
      name: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, "the name of a database")
        .default("postgres")
        .describe("the database psql connects to"),
    })
    .optional()
    .describe("the PostgreSQL that the app needs"),
  cache: z
    .strictObject({
      app: z.string().describe("a name under `apps`, in the same environment: its pods answer redis-cli"),
    })
    .optional()
    .describe("the Redis that the app caches in"),
  configuration: z
    .record(
      z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, "a DNS-1123 name"),
      z.array(z.string()),
    )
    .optional()
    .describe("ConfigMaps that the app needs in its namespace, each with the keys that must be in it"),
  endpoints: z
    .string()
    .optional()
    .describe("PromQL for the P95 latency in seconds, one series for each endpoint"),
  throttling: z
    .string()
    .optional()
    .describe(
      "PromQL for the share of CPU periods in which the app was throttled; default: from cAdvisor's metrics",
    ),
  model: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).describe("answers a GET with JSON"),
      metrics: z
        .array(
          z.strictObject({
            title: z.string().describe("the name people use"),
            path: z
              .string()
              .regex(
                /^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*$/,
                "names with dots between them, as in metrics.accuracy",
              )
              .describe("where the number is in the JSON, as in `metrics.accuracy`"),
            below: z.number().optional().describe("the model is well while the value is below this"),
            above: z.number().optional().describe("the model is well while the value is above this"),
          }),
        )
        .min(1)
        .describe("the figures that are read"),
    })
    .optional()
    .describe("where the app says how its model does"),
});

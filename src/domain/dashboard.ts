import { z } from "zod";
import { Metric } from "./app.ts";

/** A number of the system that decides nothing by itself, as PromQL with its target. */
const DashboardPanel = Metric.omit({ verifies: true }).extend({
  app: z
    .string()
    .optional()
    .describe(
      "a name under `apps`: who may not look at that app does not see it; default: it is of no one app",
    ),
  cluster: z
    .string()
    .optional()
    .describe(
      "a name under `clusters`, whose Prometheus is asked; default: that of the app's first environment, else the first one",
    ),
});

/** What `/crai dashboard <name>` draws as one picture. */
export const Dashboard = z.strictObject({
  title: z.string().describe("the name people use"),
  metrics: z
    .array(
      z
        .string()
        .regex(
          /^[a-z0-9][a-z0-9-]{0,40}\/[A-Za-z0-9_-]+$/,
          "an app and one of its metrics, as in api/errorRate",
        ),
    )
    .default([])
    .describe("metrics of apps, `<app>/<metric>`; they come first"),
  panels: z.record(z.string(), DashboardPanel).default({}).describe("metrics of its own"),
});
export type Dashboard = z.infer<typeof Dashboard>;

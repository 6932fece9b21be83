import { z } from "zod";
import { Duration } from "./deadline.ts";

const day = 86_400_000;

/** How long what is no longer needed is kept, in ms. */
export const Retention = z
  .strictObject({
    deliveries: Duration.default(30 * day).describe(
      "what came in and was carried out, and what was said and done: for diagnosis, and against repetition; at least 1d",
    ),
    record: Duration.default(400 * day).describe(
      "messages that stand in Slack and can be edited, ended alerts, and the health of old revisions; no shorter than `deliveries`",
    ),
  })
  // Senders repeat what they were not sure of for hours: sooner, a repetition would be taken for something new.
  .refine(({ deliveries }) => deliveries >= day, { path: ["deliveries"], message: "at least 1d" })
  .refine(({ deliveries, record }) => record >= deliveries, {
    path: ["record"],
    message: "no shorter than deliveries",
  });
export type Retention = z.infer<typeof Retention>;

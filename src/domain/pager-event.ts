import { z } from "zod";

/** What a PagerDuty V3 webhook says, as far as crai follows it. */
export const PagerEvent = z.strictObject({
  id: z.string(),
  what: z.enum(["triggered", "acknowledged", "unacknowledged", "resolved", "reopened", "other"]),
  at: z.iso.datetime(),
  /** Who did it, as PagerDuty names them; null: a rule or an integration. */
  by: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  incident: z
    .strictObject({
      id: z.string(),
      title: z.string(),
      /** What the integration knows it by (dedup_key), and PagerDuty's incident type by name. */
      key: z.string().nullable(),
      type: z.string().nullable(),
      service: z.string().nullable(),
      url: z.string().nullable(),
      urgent: z.boolean(),
    })
    .nullable(),
});
export type PagerEvent = z.infer<typeof PagerEvent>;

import { z } from "zod";
import { Duration } from "./deadline.ts";

/** In the order of `Date.getUTCDay`. */
export const weekdays = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
] as const;
const units = ["day", "working day", ...weekdays, "month", "quarter"] as const;
export type Unit = (typeof units)[number];

const written = new RegExp(`^(${units.join("|")}) at (([01]\\d|2[0-3]):[0-5]\\d)$`);

/** `working day at 09:00` */
const Every = z.string().transform((text, ctx) => {
  const [, unit, time] = written.exec(text) ?? [];
  if (unit === undefined || time === undefined) {
    ctx.addIssue({
      code: "custom",
      message: `"${text}" is no time; write e.g. working day at 09:00; days are ${units.join(", ")}`,
    });
    return z.NEVER;
  }
  return { unit: unit as Unit, time };
});
export type Every = z.infer<typeof Every>;

/** When a playbook starts by itself. */
export const Schedule = z.strictObject({
  every: Every.describe(
    "`day`, `working day`, a weekday such as `monday`, `month` or `quarter`, then `at HH:MM`, in `timeZone` of crai.yaml. A weekday, month or quarter begins on its first working day; a `day` never waits",
  ),
  due: Duration.describe(
    "how long after its beginning it should be finished; who is still to do something is reminded at half of it",
  ),
  as: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens")
    .optional()
    .describe("whose rights it has: `schedule:<as>` in crai.yaml; default: the playbook's name"),
});
export type Schedule = z.infer<typeof Schedule>;

/** `2026-12-25`, or `12-25` for each year. */
export const Holiday = z
  .string()
  .regex(/^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, "a day, as 2026-12-25, or 12-25 for each year");

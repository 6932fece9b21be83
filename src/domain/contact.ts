import { z } from "zod";
import { isPlaceholderText } from "./placeholder.ts";

/** A placeholder looks like help until somebody needs it. */
const Real = z
  .string()
  .trim()
  .min(1)
  .refine((text) => !isPlaceholderText(text), {
    error: "a placeholder reaches nobody: write the real one, or leave it out",
    abort: true,
  });

const Ways = z.strictObject({
  email: Real.regex(/^[^\s@]+@[^\s@]+$/, "an e-mail address").optional(),
  phone: Real.regex(/^\+?[\d ()./-]{3,30}$/, "a phone number, as in +49 30 1234567").optional(),
  slack: z
    .string()
    .regex(/^[UWS][A-Z0-9]+$/, "a Slack user ID (U…) or user group ID (S…)")
    .optional()
    .describe("Slack user ID (U…) or user group ID (S…): invited and mentioned"),
  schedule: z
    .string()
    .min(1)
    .optional()
    .describe("PagerDuty schedule ID: whoever is on call there is asked first"),
  service: z
    .string()
    .min(1)
    .optional()
    .describe("PagerDuty service ID of their own, whose escalation policy pages them"),
  note: Real.optional().describe("anything else that helps to reach them"),
});

/** How somebody is reached, each way that is known. */
export type Contact = z.infer<typeof Ways>;

function fromText(text: string): Contact {
  if (/^[^\s@]+@[^\s@]+$/.test(text)) return { email: text };
  return /^\+?[\d ()./-]{3,30}$/.test(text) ? { phone: text } : { note: text };
}

/** One line of text, or each way by its name. */
export const Contact = z.union([
  Real.transform(fromText),
  Ways.refine((ways) => Object.keys(ways).length > 0, { error: "names no way to reach them" }),
]);

/** One step of the chain that an unanswered incident climbs. */
export const EscalationLevel = z
  .strictObject({
    title: z.string().min(1).describe("the name people use, as in Primary on-call"),
    schedule: z
      .string()
      .min(1)
      .optional()
      .describe("PagerDuty schedule ID, or `app`: the `onCall` schedules of the app that is in trouble"),
    contact: z
      .string()
      .optional()
      .describe("a name under `contacts`: who is called when the schedule names nobody"),
  })
  .refine(({ schedule, contact }) => (schedule ?? contact) !== undefined, {
    error: "needs `schedule`, `contact` or both",
  });
export type EscalationLevel = z.infer<typeof EscalationLevel>;

/** The ways that a person takes themselves, in words. */
export function byHand({ phone, email, note }: Contact): string[] {
  return [phone, email, note].filter((way) => way !== undefined);
}

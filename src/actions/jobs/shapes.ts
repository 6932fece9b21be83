import { z } from "zod";

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(""),
  message: z.string().default(""),
});

export const JobObject = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  status: z.object({ conditions: z.array(Condition).default([]) }).prefault({}),
});
export type JobObject = z.infer<typeof JobObject>;

const Terminated = z.object({
  exitCode: z.int(),
  reason: z.string().default(""),
  message: z.string().default(""),
  startedAt: z.coerce.date().nullish(),
  finishedAt: z.coerce.date().nullish(),
});
export type Terminated = z.infer<typeof Terminated>;

/** A Job's pod; `spec.nodeName` says that it was given a node. */
export const JobPod = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ nodeName: z.string().optional() }),
  status: z
    .object({
      phase: z.string().default("Pending"),
      conditions: z.array(Condition).default([]),
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            state: z
              .object({
                waiting: z
                  .object({ reason: z.string().default(""), message: z.string().default("") })
                  .optional(),
                running: z.unknown().optional(),
                terminated: Terminated.optional(),
              })
              .prefault({}),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
export type JobPod = z.infer<typeof JobPod>;

export const Event = z.object({
  type: z.string().default(""),
  reason: z.string().default(""),
  message: z.string().default(""),
});

import { z } from "zod";

/** What the probes hand to the findings, by the name of the probe. Texts come from a cluster and are untrusted. */

const PodsSeen = z.object({
  /** Of the whole namespace. */
  total: z.number(),
  /** Of the app itself. */
  own: z.number(),
  ownReady: z.number(),
  troubled: z.array(
    z.object({
      pod: z.string(),
      /** The workload it belongs to. */
      owner: z.string(),
      own: z.boolean(),
      ready: z.boolean(),
      restarts: z.number(),
      /** As the kubelet or the scheduler names it; null: it is only not ready, or was restarted. */
      reason: z.string().nullable(),
      message: z.string().nullable(),
      /** Its last container was ended for its memory. */
      oomKilled: z.boolean(),
    }),
  ),
});
export type PodsSeen = z.infer<typeof PodsSeen>;

const EventsSeen = z.object({
  groups: z.array(
    z.object({
      reason: z.string(),
      about: z.string(),
      message: z.string(),
      count: z.number(),
      last: z.string().nullable(),
    }),
  ),
});

const LogsSeen = z.object({
  lines: z.number(),
  pods: z.number(),
  groups: z.array(
    z.object({
      pattern: z.string(),
      count: z.number(),
      pods: z.number(),
      /** One of the lines, with secrets hidden. */
      example: z.string(),
      /** Read from a container before its restart. */
      previous: z.boolean(),
    }),
  ),
});

const Used = z.object({
  pod: z.string(),
  own: z.boolean(),
  /** Cores or bytes. */
  amount: z.number(),
  /** Of its limit; null: it has none. */
  share: z.number().nullable(),
});
const UsageSeen = z.object({ cpu: z.array(Used), memory: z.array(Used) });
export type UsageSeen = z.infer<typeof UsageSeen>;

const NodesSeen = z.object({
  total: z.number(),
  nodes: z.array(
    z.object({
      name: z.string(),
      ready: z.boolean(),
      cordoned: z.boolean(),
      pressures: z.array(z.string()),
      cpu: z.number().nullable(),
      memory: z.number().nullable(),
    }),
  ),
});

const MetricsSeen = z.object({
  metrics: z.array(
    z.object({ name: z.string(), title: z.string(), text: z.string(), ok: z.boolean().nullable() }),
  ),
});

const ThrottlingSeen = z.object({ share: z.number() });

const EndpointsSeen = z.object({
  endpoints: z.array(z.object({ endpoint: z.string(), seconds: z.number() })),
});

const DatabaseSeen = z.object({
  app: z.string(),
  service: z.string(),
  /** Addresses behind the Service that are ready. */
  ready: z.number(),
  notReady: z.number(),
});

const SessionsSeen = z.object({
  used: z.number(),
  most: z.number(),
  active: z.number(),
  idleInTransaction: z.number(),
  waiting: z.number(),
  longestSeconds: z.number(),
});
export type SessionsSeen = z.infer<typeof SessionsSeen>;

const ModelSeen = z.object({
  metrics: z.array(
    z.object({ title: z.string(), value: z.number(), ok: z.boolean().nullable(), target: z.string() }),
  ),
});
export type ModelSeen = z.infer<typeof ModelSeen>;

const Change = z.object({
  /** ISO 8601, UTC */
  at: z.string(),
  kind: z.enum(["rollout", "restart", "config", "scale", "run"]),
  /** Whether it is of the app that is looked at. */
  own: z.boolean(),
  what: z.string(),
});
export type Change = z.infer<typeof Change>;
const ChangesSeen = z.object({ changes: z.array(Change) });

/** By the parameter of `findings` that takes it. */
export const Seen = {
  pods: PodsSeen,
  events: EventsSeen,
  logs: LogsSeen,
  usage: UsageSeen,
  nodes: NodesSeen,
  metrics: MetricsSeen,
  throttling: ThrottlingSeen,
  endpoints: EndpointsSeen,
  database: DatabaseSeen,
  sessions: SessionsSeen,
  model: ModelSeen,
  changes: ChangesSeen,
} as const;
export type Seen = { [Name in keyof typeof Seen]?: z.infer<(typeof Seen)[Name]> };

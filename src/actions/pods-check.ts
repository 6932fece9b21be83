import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { Duration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { ofEnvironment, type OfEnvironment } from "./namespace/of-environment.ts";

const Params = z.strictObject({
  within: Duration.default(30_000).describe("how long it may take until all are ready"),
});

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    deletionTimestamp: z.string().optional(),
    ownerReferences: z.array(z.object({ kind: z.string() })).default([]),
  }),
  status: z
    .object({
      phase: z.string().default("Pending"),
      reason: z.string().default(""),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().default("") }))
        .default([]),
      containerStatuses: z
        .array(
          z.object({
            state: z
              .object({ waiting: z.object({ reason: z.string().default("") }).optional() })
              .prefault({}),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
type Pod = z.infer<typeof Pod>;

/** Broken pods that are named; the rest is counted. */
const mostNamed = 10;

/** Pods of Jobs come to an end, and are judged by whoever runs them; a pod that is leaving is no trouble. */
function counts({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined &&
    status.phase !== "Succeeded" &&
    !metadata.ownerReferences.some(({ kind }) => kind === "Job")
  );
}

function isReady({ status }: Pod): boolean {
  return status.conditions.some((one) => one.type === "Ready" && one.status === "True");
}

/** What the kubelet or the scheduler says of a pod that is not ready. */
function trouble({ metadata, status }: Pod): string {
  const waiting = status.containerStatuses.find(({ state }) => state.waiting)?.state.waiting?.reason;
  const why = waiting ?? (status.conditions.find((one) => one.status === "False")?.message || status.phase);
  return `${metadata.name} is not ready: ${cleanLine(why).slice(0, 200)}`;
}

interface Found {
  ready: number;
  /** Left behind by evictions and the like: they hold a name and nothing else. */
  evicted: number;
  broken: string[];
}

async function lookAt(namespace: string, { cluster }: EnvironmentContext): Promise<Found> {
  const found: Found = { ready: 0, evicted: 0, broken: [] };
  for await (const item of cluster.objects.list({ group: "", resource: "pods", namespace })) {
    const pod = Pod.parse(item);
    if (!counts(pod)) continue;
    if (isReady(pod)) found.ready += 1;
    else if (pod.status.phase === "Failed" && pod.metadata.ownerReferences.length > 0) found.evicted += 1;
    else found.broken.push(trouble(pod));
  }
  return found;
}

function evidenceOf(namespace: string, { ready, evicted, broken }: Found): Evidence[] {
  const all = ready + broken.length;
  const more = broken.length - mostNamed;
  return [
    { what: `${ready} of ${all} pods in ${namespace} are ready`, ok: all > 0 && broken.length === 0 },
    ...broken.slice(0, mostNamed).map((what) => ({ what, ok: false })),
    ...(more > 0 ? [{ what: `and ${more} more`, ok: false }] : []),
    ...(evicted > 0
      ? [
          {
            what: `${evicted} failed pods are left behind in ${namespace}, which others have replaced`,
            ok: null,
          },
        ]
      : []),
  ];
}

/** Whether every pod of the environment's namespaces is ready, as `kubectl get pods` would show it. */
export const podsCheck = defineAction<
  z.infer<typeof Params>,
  OfEnvironment & { withinMs: number },
  "environment"
>({
  name: "pods-check",
  scope: "environment",
  params: Params,
  permission: "workload:read",

  async plan({ within }, context) {
    const { namespaces } = context;
    return {
      title: `all pods in ${namespaces.join(", ")} are ready`,
      calls: namespaces.map((namespace) => ({
        cluster: context.clusterName,
        verb: "list",
        group: "",
        resource: "pods",
        namespace,
      })),
      facts: [],
      diff: null,
      kubectl: namespaces.map((namespace) => `kubectl get pods -n ${namespace}`),
      warnings: [],
      fingerprint: digest(namespaces),
      inverse: null,
      ...ofEnvironment(context),
      state: { namespaces: [...namespaces], withinMs: within },
    };
  },

  async observe({ namespaces, withinMs }, context, since) {
    const found = await Promise.all(
      namespaces.map(async (namespace) => evidenceOf(namespace, await lookAt(namespace, context))),
    );
    const evidence = found.flat();
    const bad = evidence.filter(({ ok }) => ok === false);
    if (bad.length === 0) return { state: "done", evidence };
    const detail = bad.map(({ what }) => what).join("; ");
    if (context.now().getTime() - since.getTime() < withinMs) return { state: "pending", detail };
    return { state: "failed", detail, evidence };
  },
});

import { z } from "zod";
import { Duration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { ofEnvironment, type OfEnvironment } from "./namespace/of-environment.ts";

const Params = z.strictObject({
  within: Duration.default(30_000).describe("how long it may take until all have ready endpoints"),
});

const Service = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.record(z.string(), z.string()).nullish(),
    type: z.string().default("ClusterIP"),
  }),
});

const serviceName = "kubernetes.io/service-name";
const Slice = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()),
        // Absent means ready, as the API has it.
        conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
      }),
    )
    .nullish(),
});

/** Addresses that are ready, by Service; an address in two slices (of two ports) is one. */
async function readyEndpoints(
  namespace: string,
  { cluster }: EnvironmentContext,
): Promise<Map<string, Set<string>>> {
  const ready = new Map<string, Set<string>>();
  const slices = { group: "discovery.k8s.io", resource: "endpointslices", namespace };
  for await (const item of cluster.objects.list(slices)) {
    const { metadata, endpoints } = Slice.parse(item);
    const service = metadata.labels[serviceName];
    if (service === undefined) continue;
    const known = ready.get(service) ?? new Set();
    for (const { addresses, conditions } of endpoints ?? [])
      if (conditions?.ready !== false) for (const address of addresses) known.add(address);
    ready.set(service, known);
  }
  return ready;
}

async function lookAt(namespace: string, context: EnvironmentContext): Promise<Evidence[]> {
  const ready = await readyEndpoints(namespace, context);
  const evidence: Evidence[] = [];
  for await (const item of context.cluster.objects.list({ group: "", resource: "services", namespace })) {
    const { metadata, spec } = Service.parse(item);
    // Without a selector its endpoints are kept by somebody else, or it is only a name for another host.
    if (Object.keys(spec.selector ?? {}).length === 0 || spec.type === "ExternalName") continue;
    const count = ready.get(metadata.name)?.size ?? 0;
    const what = `Service ${metadata.name} has ${count === 0 ? "no ready endpoint" : `${count} ready endpoint${count === 1 ? "" : "s"}`}`;
    evidence.push({ what, ok: count > 0 });
  }
  return evidence;
}

/** Whether every Service of the environment's namespaces has an endpoint that is ready. */
export const servicesCheck = defineAction<
  z.infer<typeof Params>,
  OfEnvironment & { withinMs: number },
  "environment"
>({
  name: "services-check",
  scope: "environment",
  params: Params,
  permission: "workload:read",

  async plan({ within }, context) {
    const { namespaces, clusterName: cluster } = context;
    return {
      title: `all Services in ${namespaces.join(", ")} have ready endpoints`,
      calls: namespaces.flatMap((namespace) => [
        { cluster, verb: "list" as const, group: "", resource: "services", namespace },
        { cluster, verb: "list" as const, group: "discovery.k8s.io", resource: "endpointslices", namespace },
      ]),
      facts: [],
      diff: null,
      kubectl: namespaces.map((namespace) => `kubectl get services,endpointslices -n ${namespace}`),
      warnings: [],
      fingerprint: digest(namespaces),
      inverse: null,
      ...ofEnvironment(context),
      state: { namespaces: [...namespaces], withinMs: within },
    };
  },

  async observe({ namespaces, withinMs }, context, since) {
    const evidence = (await Promise.all(namespaces.map((namespace) => lookAt(namespace, context)))).flat();
    const bad = evidence.filter(({ ok }) => ok === false);
    if (evidence.length === 0)
      return { state: "unknown", detail: `There is no Service with a selector in ${namespaces.join(", ")}` };
    if (bad.length === 0) return { state: "done", evidence };
    const detail = bad.map(({ what }) => what).join("; ");
    if (context.now().getTime() - since.getTime() < withinMs) return { state: "pending", detail };
    return { state: "failed", detail, evidence };
  },
});

import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import { all, defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({});

const Ingress = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z
    .object({
      tls: z.array(z.object({ hosts: z.array(z.string()).default([]) })).default([]),
      rules: z.array(z.object({ host: z.string().default("") })).default([]),
    })
    .prefault({}),
  status: z
    .object({
      loadBalancer: z
        .object({
          ingress: z
            .array(z.object({ ip: z.string().optional(), hostname: z.string().optional() }))
            .default([]),
        })
        .prefault({}),
    })
    .prefault({}),
});

const ingresses = { group: "networking.k8s.io", version: "v1", resource: "ingresses" };

function evidenceOf({ metadata: { name }, spec, status }: z.infer<typeof Ingress>): Evidence[] {
  const [first] = status.loadBalancer.ingress;
  const address = first?.ip ?? first?.hostname;
  const secured = new Set(spec.tls.flatMap(({ hosts }) => hosts));
  const bare = spec.rules
    .map(({ host }) => host)
    .filter((host) => host !== "" && !secured.has(host) && !secured.has(`*${host.slice(host.indexOf("."))}`));
  return [
    {
      what: address === undefined ? `Ingress ${name} has no address` : `Ingress ${name} is at ${address}`,
      ok: address !== undefined,
    },
    {
      what: bare.length === 0 ? `all hosts of ${name} have TLS` : `${bare.join(", ")} of ${name} without TLS`,
      ok: bare.length === 0,
    },
  ];
}

/** Whether the load balancer gave every Ingress of the environment an address, and every host has TLS. */
export const entranceCheck = defineCheck<z.infer<typeof Params>>({
  name: "entrance-check",
  params: Params,
  title: () => "load balancer and TLS of the Ingresses",
  calls: (_, { namespaces }) =>
    namespaces.map((namespace) => ({ verb: "list" as const, ...ingresses, namespace })),
  async look(_, { cluster, namespaces }) {
    const found: Evidence[] = [];
    for (const namespace of namespaces)
      for (const item of await all(cluster.objects, { ...ingresses, namespace }))
        found.push(...evidenceOf(Ingress.parse(item)));
    return found.length === 0
      ? [{ what: `There is no Ingress in ${namespaces.join(", ")}`, ok: false }]
      : found;
  },
});

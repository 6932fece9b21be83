import { z } from "zod";
import { Duration } from "../domain/deadline.ts";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import type { ObjectRef } from "../engine/ports.ts";
import { prepare } from "./manifest/prepare.ts";
import { ManifestFile } from "./manifest/read-files.ts";
import { leftBefore } from "./manifest/step-state.ts";

const Params = z.strictObject({
  files: z
    .array(ManifestFile)
    .min(1)
    .describe("files of `manifests.directory` whose Ingresses are looked at"),
  tls: z
    .boolean()
    .default(true)
    .describe("whether every host must have TLS; false where it ends before the Ingress"),
  within: Duration.default(120_000).describe("how long address and back-ends may take"),
});

type CheckState = {
  ingresses: { namespace: string; name: string }[];
  /** Those that a step before takes away. */
  gone: string[];
  tls: boolean;
  withinMs: number;
};

const Backend = z.object({ service: z.object({ name: z.string() }).optional() });
const Ingress = z.object({
  spec: z.object({
    defaultBackend: Backend.optional(),
    tls: z.array(z.object({ hosts: z.array(z.string()).default([]) })).default([]),
    rules: z
      .array(
        z.object({
          host: z.string().default(""),
          http: z.object({ paths: z.array(z.object({ backend: Backend })) }).optional(),
        }),
      )
      .default([]),
  }),
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
type Ingress = z.infer<typeof Ingress>;

const Slice = z.object({
  endpoints: z
    .array(z.object({ conditions: z.object({ ready: z.boolean().nullish() }).prefault({}) }))
    .nullish(),
});

const ingresses = { group: "networking.k8s.io", version: "v1", resource: "ingresses" };
const slices = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" };

function refTo({ namespace, name }: { namespace: string; name: string }): ObjectRef & { version: string } {
  return { ...ingresses, namespace, name };
}

function servicesOf({ spec }: Ingress): string[] {
  const backends = [
    spec.defaultBackend,
    ...spec.rules.flatMap(({ http }) => http?.paths.map(({ backend }) => backend) ?? []),
  ];
  return [...new Set(backends.flatMap((backend) => backend?.service?.name ?? []))];
}

/** Endpoints behind a Service that take requests. A Service without slices has none. */
async function readyBehind(service: string, namespace: string, context: EnvironmentContext): Promise<number> {
  let ready = 0;
  const labelSelector = `kubernetes.io/service-name=${service}`;
  for await (const slice of context.cluster.objects.list({ ...slices, namespace }, { labelSelector }))
    // Not said is ready, as the API defines it.
    ready += (Slice.parse(slice).endpoints ?? []).filter(
      ({ conditions }) => conditions.ready !== false,
    ).length;
  return ready;
}

function addressEvidence(name: string, { status }: Ingress): Evidence & { ok: boolean } {
  const [first] = status.loadBalancer.ingress;
  const address = first?.ip ?? first?.hostname;
  if (address === undefined) return { what: `${name} has no address`, ok: false };
  return { what: `${name} is reached at ${address}`, ok: true };
}

function tlsEvidence({ spec }: Ingress): (Evidence & { ok: boolean })[] {
  const secured = new Set(spec.tls.flatMap(({ hosts }) => hosts));
  const wildcard = (host: string): string => `*.${host.slice(host.indexOf(".") + 1)}`;
  return spec.rules
    .filter(({ host }) => host !== "")
    .map(({ host }) => {
      const ok = secured.has(host) || secured.has(wildcard(host));
      return { what: ok ? `${host} has TLS` : `${host} has no TLS`, ok };
    });
}

async function lookAt(
  { namespace, name }: { namespace: string; name: string },
  tls: boolean,
  context: EnvironmentContext,
): Promise<(Evidence & { ok: boolean })[]> {
  const found = await context.cluster.objects.get(refTo({ namespace, name }));
  if (found === null) return [{ what: `There is no Ingress ${name}`, ok: false }];
  const ingress = Ingress.parse(found);
  const backends = servicesOf(ingress).map(async (service) => {
    const ready = await readyBehind(service, namespace, context);
    return {
      what: `${service} has ${ready === 0 ? "no ready back-end" : `${ready} ready back-ends`}`,
      ok: ready > 0,
    };
  });
  return [
    addressEvidence(name, ingress),
    ...(await Promise.all(backends)),
    ...(tls ? tlsEvidence(ingress) : []),
  ];
}

/** Address, ready back-ends and TLS of the Ingresses of these manifests. */
export const ingressCheck = defineAction<z.infer<typeof Params>, CheckState, "environment">({
  name: "ingress-check",
  scope: "environment",
  params: Params,
  permission: "workload:read",

  async plan({ files, tls, within }, context) {
    const { wanted } = await prepare({ files, tag: null, namespace: null }, context);
    const all = wanted.flatMap(({ kind, ref: { namespace, name } }) =>
      kind === "Ingress" && namespace !== null ? [{ namespace, name }] : [],
    );
    const removed = new Set(leftBefore(context).flatMap((left) => left.removed));
    const stays = all.filter(({ name }) => !removed.has(`Ingress ${name}`));
    if (all.length === 0)
      throw new UserError(`There is no Ingress in ${files.join(", ")}.`, {
        why: "Only Ingresses can be checked by this step.",
        next: "Name the file that has it in the playbook.",
      });
    const cluster = context.clusterName;
    return {
      title: `check the address and back-ends of ${all.map(({ name }) => name).join(", ")}`,
      calls: stays.flatMap((one) => [
        { cluster, verb: "get", ...refTo(one) },
        { cluster, verb: "list", ...slices, namespace: one.namespace },
      ]),
      facts: [],
      diff: null,
      kubectl: all.map(({ namespace, name }) => `kubectl -n ${namespace} describe ingress ${name}`),
      warnings: [],
      fingerprint: digest(all),
      inverse: null,
      state: {
        ingresses: stays,
        gone: all.filter((one) => !stays.includes(one)).map(({ name }) => name),
        tls,
        withinMs: within,
      },
    };
  },

  async observe({ ingresses: all, gone, tls, withinMs }, context, since) {
    const evidence = [
      ...gone.map((name) => ({ what: `Ingress ${name} is taken away`, ok: true })),
      ...(await Promise.all(all.map((one) => lookAt(one, tls, context)))).flat(),
    ];
    const bad = evidence.find(({ ok }) => !ok);
    if (bad === undefined) return { state: "done", evidence };
    if (context.now().getTime() - since.getTime() < withinMs) return { state: "pending", detail: bad.what };
    return { state: "failed", detail: bad.what, evidence };
  },
});

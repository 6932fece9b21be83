import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import type { ActionContext } from "../engine/playbooks/action.ts";
import type { Workload } from "../engine/ports.ts";
import { againstManifests } from "./configuration/against-manifests.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { ConfigMap, configMapRef } from "./parameters/config-map.ts";
import { allowedText, shown } from "./parameters/choose.ts";
import { onWorkload } from "./rollout/calls.ts";

type Found = ReadonlyMap<string, ConfigMap | null>;

/** ConfigMaps that crai.yaml names, for their keys or for a parameter. */
async function readMaps({ app, cluster, target }: ActionContext): Promise<Found> {
  const names = new Set([
    ...Object.keys(app.diagnose?.configuration ?? {}),
    ...Object.values(app.parameters ?? {}).map(({ configMap }) => configMap),
  ]);
  const read = await Promise.all(
    [...names].map(async (name) => {
      const found = await cluster.objects.get(configMapRef(target.namespace, name));
      return [name, found === null ? null : ConfigMap.parse(found)] as const;
    }),
  );
  return new Map(read);
}

/** Keys that must be there. */
function keys({ app }: ActionContext, maps: Found): Evidence[] {
  return Object.entries(app.diagnose?.configuration ?? {}).map(([name, wanted]) => {
    const map = maps.get(name);
    if (!map) return { what: `There is no ConfigMap ${name}: deploy it`, ok: false };
    const missing = wanted.filter((key) => !Object.hasOwn(map.data, key));
    const empty = wanted.filter((key) => map.data[key]?.trim() === "");
    if (missing.length > 0)
      return { what: `${name} lacks ${missing.join(", ")}: add what is missing, then restart`, ok: false };
    if (empty.length > 0) return { what: `${name} has nothing in ${empty.join(", ")}`, ok: false };
    return { what: `${name} has all ${wanted.length} keys that it needs`, ok: true };
  });
}

/** Parameters against their bounds. */
function parameters({ app }: ActionContext, maps: Found): Evidence[] {
  return Object.values(app.parameters ?? {}).map((parameter) => {
    const { title, configMap, key, values, min = -Infinity, max = Infinity } = parameter;
    const value = maps.get(configMap)?.data[key] ?? null;
    const number = value === null || value.trim() === "" ? Number.NaN : Number(value);
    const isAllowed =
      values === undefined
        ? number >= min && number <= max
        : value !== null && Object.values(values).includes(value);
    const what = `${title} is ${shown(parameter, value)}`;
    return isAllowed
      ? { what, ok: true }
      : { what: `${what}; it must be ${allowedText(parameter)}`, ok: false };
  });
}

/** What the pods cannot start without. */
async function references({ cluster, target }: ActionContext, { template }: Workload): Promise<Evidence[]> {
  const found = await cluster.references(target.namespace, template);
  const bad = found.flatMap(({ kind, name, exists, missingKeys }): Evidence[] => {
    if (exists === false)
      return [{ what: `${target.name} names the ${kind} ${name}, which is not there`, ok: false }];
    if (missingKeys.length > 0)
      return [
        {
          what: `${target.name} asks ${kind} ${name} for ${missingKeys.join(", ")}, which it lacks`,
          ok: false,
        },
      ];
    return [];
  });
  const unseen = found.filter(({ exists }) => exists === null).map(({ kind, name }) => `${kind} ${name}`);
  return [
    ...bad,
    ...(bad.length > 0 || found.length === unseen.length
      ? []
      : [
          {
            what: `${found.length - unseen.length} ConfigMaps and Secrets that it names are there`,
            ok: true,
          },
        ]),
    ...(unseen.length === 0
      ? []
      : [{ what: `Not seen, for want of rights: ${unseen.join(", ")}`, ok: null }]),
  ];
}

/**
 * Whether the app's configuration is whole: keys that must be there, parameters within their bounds, what its pods name,
 * and what differs from the manifests that a deploy applies. Values are not shown, but for those of parameters.
 */
export const configCheck = defineProbe({
  name: "config-check",
  params: z.strictObject({}),
  title: ({ app }) => `configuration of ${app.name}`,
  calls: ({ target }) => [
    ...onWorkload(target, ["get"]),
    { verb: "get", group: "", resource: "configmaps", namespace: target.namespace },
  ],
  kubectl: ({ app, target }) => [
    `kubectl get configmap -n ${target.namespace} ${Object.keys(app.diagnose?.configuration ?? {}).join(" ")}`.trim(),
  ],

  async look(context) {
    const workload = await context.cluster.workload(context.target);
    const [maps, named] = await Promise.all([readMaps(context), references(context, workload)]);
    const there = [...maps.values()].filter((map) => map !== null);
    const evidence = [
      ...keys(context, maps),
      ...parameters(context, maps),
      ...named,
      ...againstManifests(context, workload, there),
    ];
    if (evidence.length === 0)
      return {
        state: "unknown",
        detail: `What ${context.app.name} must be configured with is not known (apps.${context.app.name}.diagnose.configuration in crai.yaml)`,
      };
    const bad = evidence.filter(({ ok }) => ok === false);
    if (bad.length > 0) return { state: "failed", detail: bad.map(({ what }) => what).join("; "), evidence };
    return { state: "done", evidence };
  },
});

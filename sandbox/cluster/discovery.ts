import { createHash } from "node:crypto";
import type { Answer, Call } from "./http.ts";
import { apiVersionOf, kinds, metricsKinds, reviewKinds } from "./kinds.ts";
import type { Kind, Subresource } from "./kinds.ts";
import { metricsGroup } from "./usage/availability.ts";
import type { MetricsApi } from "./usage/availability.ts";

const served = [...kinds, ...reviewKinds, ...metricsKinds];
const groups = [...new Set(served.map((kind) => kind.group).filter((group) => group !== ""))];

function groupsWith(metrics: MetricsApi): string[] {
  return metrics === "absent" ? groups.filter((group) => group !== metricsGroup) : groups;
}

/** The version this API is modelled on; clients choose features by it. */
const version = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.13+crai-practice",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2026-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "sandbox",
};

const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
export const subresourceVerbs: Record<Subresource, string[]> = {
  eviction: ["create"],
  exec: ["create", "get"],
  log: ["get"],
  scale: ["get", "patch", "update"],
  status: ["get", "patch", "update"],
};

/** Subresources that are objects of another kind than what they belong to. */
const subresourceKinds: Partial<Record<Subresource, { group: string; version: string; kind: string }>> = {
  eviction: { group: "policy", version: "v1", kind: "Eviction" },
  exec: { group: "", version: "v1", kind: "PodExecOptions" },
  scale: { group: "autoscaling", version: "v1", kind: "Scale" },
};

interface Served {
  kind: Kind;
  verbs: string[];
  subresources: {
    name: Subresource;
    verbs: string[];
    response: { group: string; version: string; kind: string };
  }[];
}

function describe(kind: Kind): Served {
  return {
    kind,
    verbs: verbsOf(kind),
    subresources: (kind.subresources ?? []).toSorted().map((name) => ({
      name,
      verbs: subresourceVerbs[name],
      response: subresourceKinds[name] ?? kind,
    })),
  };
}

function verbsOf(kind: Kind): string[] {
  if (metricsKinds.includes(kind)) return ["get", "list"];
  return reviewKinds.includes(kind) ? ["create"] : allVerbs.filter((verb) => !unserved(kind, verb));
}

function unserved(kind: Kind, verb: string): boolean {
  return verb === "deletecollection" && kind.plural === "namespaces";
}

/** Answers the paths that say what is served; undefined: the path is none of them. */
export function answerDiscovery(call: Call, metrics: MetricsApi): Answer | undefined {
  const path = call.path.replace(/\/$/, "");
  const aggregated = /g=apidiscovery\.k8s\.io/.test(call.headers.accept ?? "");
  if (path === "/version") return { code: 200, body: version };
  if (path === "/api")
    return aggregated ? aggregate([""], call, metrics) : { code: 200, body: coreVersions(call) };
  if (path === "/apis")
    return aggregated
      ? aggregate(groupsWith(metrics), call, metrics)
      : { code: 200, body: groupList(metrics) };
  return answerGroup(path, metrics);
}

function answerGroup(path: string, metrics: MetricsApi): Answer | undefined {
  const [, root, group = "", groupVersion] = path.split("/");
  if (root === "api" && group === "v1" && !groupVersion) return resourceList("", "v1");
  if (root !== "apis" || !groupsWith(metrics).includes(group)) return undefined;
  if (!groupVersion) return { code: 200, body: { kind: "APIGroup", apiVersion: "v1", ...groupOf(group) } };
  if (group === metricsGroup && metrics === "unavailable")
    return { code: 503, text: "service unavailable\n" };
  return path.split("/").length === 4 ? resourceList(group, groupVersion) : undefined;
}

function coreVersions(call: Call): object {
  const serverAddress = call.headers.host ?? "localhost";
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
  };
}

function groupList(metrics: MetricsApi): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groupsWith(metrics).map(groupOf) };
}

function groupOf(name: string): object {
  const versions = versionsOf(name).map((one) => ({ groupVersion: `${name}/${one}`, version: one }));
  return { name, versions, preferredVersion: versions[0] };
}

function versionsOf(group: string): string[] {
  return [...new Set(served.filter((kind) => kind.group === group).map((kind) => kind.version))];
}

function resourceList(group: string, groupVersion: string): Answer | undefined {
  const here = served.filter((kind) => kind.group === group && kind.version === groupVersion);
  if (here.length === 0) return undefined;
  const resources = here.map(describe).flatMap(({ kind, verbs, subresources }) => [
    {
      name: kind.plural,
      singularName: kind.singular,
      ...common(kind),
      verbs,
      ...names(kind),
      ...storageHash(kind),
    },
    ...subresources.map((sub) => ({
      name: `${kind.plural}/${sub.name}`,
      singularName: "",
      ...common(kind),
      ...subresourceKinds[sub.name],
      verbs: sub.verbs,
    })),
  ]);
  const body = {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf({ group, version: groupVersion }),
    resources,
  };
  return { code: 200, body };
}

function common(kind: Kind): object {
  return { namespaced: kind.namespaced, kind: kind.kind };
}

function names(kind: Kind): object {
  return {
    ...(kind.short.length > 0 && { shortNames: kind.short }),
    ...(kind.categories && { categories: kind.categories }),
  };
}

function storageHash(kind: Kind): object {
  if (reviewKinds.includes(kind) || metricsKinds.includes(kind)) return {};
  const hash = createHash("sha256")
    .update(`${apiVersionOf(kind)}/${kind.kind}`)
    .digest("base64");
  return { storageVersionHash: `${hash.slice(0, 11)}=` };
}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

function aggregate(names: string[], call: Call, metrics: MetricsApi): Answer {
  const wanted =
    /v=v2beta1/.test(call.headers.accept ?? "") && !/v=v2;/.test(call.headers.accept ?? "")
      ? "v2beta1"
      : "v2";
  const items = names.map((group) => ({
    metadata: { ...(group && { name: group }), creationTimestamp: null },
    versions: versionsOf(group).map((one) =>
      staleWhen(group === metricsGroup && metrics === "unavailable", {
        version: one,
        resources: served
          .filter((kind) => kind.group === group && kind.version === one)
          .map(aggregatedResource),
        freshness: "Current",
      }),
    ),
  }));
  return {
    code: 200,
    type: aggregatedType.replace("v=v2", `v=${wanted}`),
    body: { kind: "APIGroupDiscoveryList", apiVersion: `apidiscovery.k8s.io/${wanted}`, metadata: {}, items },
  };
}

/** A group whose server does not answer is named, and nothing is known of it. */
function staleWhen(
  stale: boolean,
  version: { version: string; resources: object[]; freshness: string },
): object {
  return stale ? { version: version.version, freshness: "Stale" } : version;
}

function aggregatedResource(kind: Kind): object {
  const { verbs, subresources } = describe(kind);
  const inherited = { group: "", version: "", kind: kind.kind };
  return {
    resource: kind.plural,
    responseKind: inherited,
    scope: kind.namespaced ? "Namespaced" : "Cluster",
    singularResource: kind.singular,
    verbs,
    ...names(kind),
    ...(subresources.length > 0 && {
      subresources: subresources.map((sub) => ({
        subresource: sub.name,
        responseKind: subresourceKinds[sub.name] ?? inherited,
        verbs: sub.verbs,
      })),
    }),
  };
}

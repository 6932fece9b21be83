import { z } from "zod";
import { type Target, type WorkloadKind, workloadKinds } from "../domain/app.ts";
import { Duration } from "../domain/deadline.ts";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { ResourceCall } from "../domain/plan.ts";
import { defineAction, type EnvironmentContext, type Observation } from "../engine/playbooks/action.ts";
import { prepare, soleNamespace, targetOf } from "./manifest/prepare.ts";
import { ManifestFile } from "./manifest/read-files.ts";
import { leftBefore } from "./manifest/step-state.ts";
import { onPods, onRevisions, onWorkload } from "./rollout/calls.ts";
import { rolloutLine } from "./rollout/kubectl.ts";
import { type Awaited, lookAtRollout } from "./rollout/look.ts";

const Params = z.strictObject({
  files: z
    .array(ManifestFile)
    .default([])
    .describe(
      "files of `manifests.directory` whose workloads are waited for; none: all that the namespace has",
    ),
  namespace: z.string().nullable().default(null).describe("as of the step that applies them"),
  stuckAfter: Duration.default(60_000).describe(
    "a pod that is broken, or cannot be made, for so long is taken for stuck",
  ),
});

type Wanted = Awaited & { target: Target; container: string | null };
/** `gone`: what a step before takes away. `all`: of this namespace, whatever is there when it is looked at. */
type WaitState = {
  workloads: Wanted[];
  gone: string[];
  all: { namespace: string; stuckAfterMs: number } | null;
};

/** What the nearest step before leaves of it. */
function expected(target: Target, context: EnvironmentContext): { templates: string[]; gone: boolean } {
  const key = digest(target);
  for (const { workloads } of leftBefore(context)) {
    const left = workloads.find((one) => digest(one.target) === key);
    if (left !== undefined)
      return { templates: left.template === null ? [] : [left.template], gone: left.gone };
  }
  return { templates: [], gone: false };
}

function containerOf(target: Target, { apps }: EnvironmentContext): string | null {
  return apps.find((app) => digest(app.target) === digest(target))?.environment.container ?? null;
}

const kinds = Object.keys(workloadKinds) as WorkloadKind[];

/** Every workload of a namespace, for what no manifest of crai.yaml describes. */
async function everything(
  { namespace, stuckAfterMs }: { namespace: string; stuckAfterMs: number },
  { cluster, clusterName }: EnvironmentContext,
): Promise<Wanted[]> {
  const found: Wanted[] = [];
  for (const kind of kinds) {
    const of = { group: "apps", version: "v1", resource: workloadKinds[kind].plural, namespace };
    for await (const { metadata } of cluster.objects.list(of)) {
      const { name } = metadata as { name: string };
      const target = { cluster: clusterName, namespace, kind, name };
      found.push({ target, container: null, uid: null, templates: [], stuckAfterMs });
    }
  }
  return found;
}

/** The plan of a wait for a whole namespace. */
function planAll(namespace: string, stuckAfterMs: number, cluster: string) {
  const plurals = kinds.map((kind) => workloadKinds[kind].plural);
  const on = (verb: "get" | "list", group: string, resource: string): ResourceCall => ({
    cluster,
    verb,
    group,
    resource,
    namespace,
  });
  return {
    title: `wait until everything in ${namespace} is rolled out`,
    calls: [
      ...plurals.flatMap((resource) => [on("list", "apps", resource), on("get", "apps", resource)]),
      on("list", "", "pods"),
    ],
    facts: [],
    diff: null,
    kubectl: [`kubectl -n ${namespace} get ${plurals.join(",")},pods,services`],
    warnings: [],
    fingerprint: digest(namespace),
    inverse: null,
    state: { workloads: [], gone: [], all: { namespace, stuckAfterMs } },
  };
}

/** Done when all are; the first that failed or diverged is the whole's. */
function together(all: readonly { name: string; seen: Observation }[]): Observation {
  const worst = all.find(({ seen }) => seen.state === "failed" || seen.state === "diverged");
  if (worst !== undefined && worst.seen.state !== "done")
    return { ...worst.seen, detail: `${worst.name}: ${worst.seen.detail}` };
  const waiting = all.flatMap(({ name, seen }) => (seen.state === "done" ? [] : [`${name}: ${seen.detail}`]));
  if (waiting.length > 0) return { state: "pending", detail: waiting.join("; ") };
  const evidence = all.flatMap(({ name, seen }) =>
    seen.state === "done" ? seen.evidence.map((one) => ({ ...one, what: `${name}: ${one.what}` })) : [],
  );
  return { state: "done", evidence };
}

/** Waits until the workloads of these manifests are rolled out, and ends early when one is stuck or superseded. */
export const workloadWait = defineAction<z.infer<typeof Params>, WaitState, "environment">({
  name: "workload-wait",
  scope: "environment",
  params: Params,
  permission: "workload:read",

  async plan({ files, namespace, stuckAfter }, context) {
    if (files.length === 0)
      return planAll(namespace ?? soleNamespace(context), stuckAfter, context.clusterName);
    const { wanted } = await prepare({ files, tag: null, namespace }, context);
    const all = wanted.flatMap((one) => targetOf(one, context.clusterName) ?? []);
    if (all.length === 0)
      throw new UserError(`There is no workload in ${files.join(", ")}.`, {
        why: "Only Deployments, StatefulSets and DaemonSets are rolled out.",
        next: "Take the wait out of the playbook, or name the file that has the workload.",
      });
    const targets = all.filter((target) => !expected(target, context).gone);
    const names = all.map(({ name }) => name).join(", ");
    return {
      title: `wait until ${names} ${all.length === 1 ? "is" : "are"} rolled out`,
      calls: targets.flatMap((target) => [
        ...onWorkload(target, ["get"]),
        ...onPods(target),
        ...onRevisions(target),
      ]),
      facts: [],
      diff: null,
      kubectl: targets.map((target) => rolloutLine(target, "status")),
      warnings: [],
      fingerprint: digest(targets),
      inverse: null,
      state: {
        workloads: targets.map((target) => ({
          target,
          container: containerOf(target, context),
          uid: null,
          templates: expected(target, context).templates,
          stuckAfterMs: stuckAfter,
        })),
        gone: all.filter((target) => !targets.includes(target)).map(({ name }) => name),
        all: null,
      },
    };
  },

  watches: ({ workloads }) => workloads.map(({ target }) => target),

  async observe({ workloads, gone, all: namespace }, context) {
    const wanted = namespace === null ? workloads : await everything(namespace, context);
    if (namespace !== null && wanted.length === 0)
      return { state: "pending", detail: `There is no workload in ${namespace.namespace} yet` };
    const all = wanted.map(async ({ target, container, ...awaited }) => ({
      name: target.name,
      seen: await lookAtRollout(target, awaited, container ?? undefined, context),
    }));
    const seen = together(await Promise.all(all));
    if (seen.state !== "done") return seen;
    const evidence = gone.map((name) => ({ what: `${name} is taken away`, ok: true }));
    return { state: "done", evidence: [...evidence, ...seen.evidence] };
  },
});

import type { Target, WorkloadKind } from "../../domain/app.ts";
import { workloadKinds } from "../../domain/app.ts";
import { UserError } from "../../domain/errors.ts";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";
import type { JsonObject } from "../../engine/ports.ts";
import { followTag, type Followed } from "./follow-tag.ts";
import { type Contents, objectName } from "./object-writes.ts";
import { inOrder } from "./order.ts";
import type { Wanted } from "./plan-object.ts";
import { readManifests } from "./read-files.ts";

/** Which manifests, and how they are changed on their way. */
export type Selection = {
  files: string[];
  tag: string | null;
  /** null: the environment's. */
  namespace: string | null;
};

export interface Prepared {
  namespace: string;
  /** In the order in which they are applied. */
  wanted: Wanted[];
  contents: Contents;
  followed: Followed[];
}

/** The one namespace of all apps. */
export function soleNamespace({ namespaces, environment }: EnvironmentContext): string {
  const [first, ...others] = namespaces;
  if (first !== undefined && others.length === 0) return first;
  throw new UserError(`${environment} has more than one namespace.`, {
    why: `Its apps are in ${namespaces.join(", ")}.`,
    next: "Give the step of the playbook the `namespace` that its manifests belong to.",
  });
}

/** With the namespace that it goes to; one that names another is refused, as kubectl refuses it. */
function within(object: JsonObject, namespace: string | null, file: string): JsonObject {
  const { namespace: own, ...metadata } = object["metadata"] as JsonObject & { namespace?: string };
  if (namespace === null) return { ...object, metadata };
  if (own !== undefined && own !== namespace)
    throw new UserError(`${file} belongs to the namespace ${own}.`, {
      why: `This step applies to ${namespace}.`,
      next: "Take the namespace out of the manifest, or give the step the `namespace` it names.",
    });
  return { ...object, metadata: { ...metadata, namespace } };
}

/** Fields that only the API server writes, and that a manifest taken from a cluster still has. */
function withoutServerFields(object: JsonObject): JsonObject {
  const { status: _, ...rest } = object;
  const { managedFields: __, resourceVersion: ___, uid: ____, ...metadata } = rest["metadata"] as JsonObject;
  return { ...rest, metadata };
}

/** Reads the files, sets tag and namespace, and finds out where each object goes. */
export async function prepare(selection: Selection, context: EnvironmentContext): Promise<Prepared> {
  const { settings, apps, cluster } = context;
  const namespace = selection.namespace ?? soleNamespace(context);
  const { follow = [] } = settings.manifests ?? {};
  const read = readManifests(selection.files, settings.manifests);
  const { manifests, followed } =
    selection.tag === null
      ? { manifests: read, followed: [] }
      : followTag(read, selection.tag, { apps, follow, namespace });
  if (selection.tag !== null && followed.length === 0)
    throw new UserError(`Nothing in ${selection.files.join(", ")} follows the tag ${selection.tag}.`, {
      why:
        follow.length === 0
          ? "crai.yaml has no `manifests.follow`."
          : `These apps follow it: ${follow.join(", ")}.`,
      next: "Correct `manifests.follow` in crai.yaml, or the file.",
    });
  const wanted = await Promise.all(
    manifests.map(async ({ file, kind, apiVersion, name, object }): Promise<Wanted> => {
      const { namespaced, ...served } = await cluster.objects.kindOf(apiVersion, kind);
      const where = namespaced ? namespace : null;
      const content = within(withoutServerFields(object), where, file);
      return { kind, ref: { ...served, namespace: where, name }, content };
    }),
  );
  return {
    namespace,
    wanted: inOrder(wanted),
    contents: new Map(wanted.map((one) => [objectName(one), one.content])),
    followed,
  };
}

/** The workload that an object is, if it is one. */
export function targetOf(
  { kind, ref }: Pick<Wanted, "kind"> & { ref: { namespace: string | null; name: string } },
  cluster: string,
): Target | undefined {
  const found = Object.entries(workloadKinds).find(([, { kind: own }]) => own === kind);
  if (found === undefined || ref.namespace === null) return undefined;
  return { cluster, namespace: ref.namespace, kind: found[0] as WorkloadKind, name: ref.name };
}

/** Names of the apps among these targets. */
export function appsOf(targets: readonly Target[], { apps }: EnvironmentContext): string[] {
  const isOf = (a: Target, b: Target): boolean =>
    a.namespace === b.namespace && a.kind === b.kind && a.name === b.name;
  return apps.filter(({ target }) => targets.some((other) => isOf(target, other))).map(({ app }) => app.name);
}

import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import type { EnvironmentContext } from "../engine/playbooks/action.ts";
import type { Objects, Workload } from "../engine/ports.ts";
import { all, defineCheck } from "./preflight/define-check.ts";
import { Selector, selects } from "./preflight/selector.ts";

const Params = z.strictObject({
  of: z
    .enum(["network-policies", "secrets", "rbac"])
    .describe(
      "every app's pods are selected by a NetworkPolicy; the Secrets and ConfigMaps they name are there (contents are never read); their service accounts are bound to no role that may do everything",
    ),
});
type Params = z.infer<typeof Params>;

const Policy = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ podSelector: Selector.prefault({}) }),
});
const Template = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
  spec: z.object({ serviceAccountName: z.string().default("default") }).prefault({}),
});
const Binding = z.object({
  metadata: z.object({ name: z.string() }),
  roleRef: z.object({ kind: z.string(), name: z.string() }),
  subjects: z
    .array(z.object({ kind: z.string(), name: z.string(), namespace: z.string().optional() }))
    .nullish(),
});
type Binding = z.infer<typeof Binding>;
const Role = z.object({
  metadata: z.object({ name: z.string() }),
  rules: z
    .array(
      z.object({
        apiGroups: z.array(z.string()).nullish(),
        resources: z.array(z.string()).nullish(),
        verbs: z.array(z.string()),
      }),
    )
    .nullish(),
});

const policies = { group: "networking.k8s.io", version: "v1", resource: "networkpolicies" };
const rbac = { group: "rbac.authorization.k8s.io", version: "v1" };

interface Running {
  app: string;
  namespace: string;
  workload: Workload;
}

async function running({ apps, cluster }: EnvironmentContext): Promise<Running[]> {
  return Promise.all(
    apps.map(async ({ app, target }) => ({
      app: app.name,
      namespace: target.namespace,
      workload: await cluster.workload(target),
    })),
  );
}

async function policyEvidence(context: EnvironmentContext): Promise<Evidence[]> {
  const found = new Map<string, z.infer<typeof Policy>[]>();
  for (const namespace of context.namespaces)
    found.set(
      namespace,
      (await all(context.cluster.objects, { ...policies, namespace })).map((item) => Policy.parse(item)),
    );
  return (await running(context)).map(({ app, namespace, workload }) => {
    const { labels } = Template.parse(workload.template).metadata;
    const names = (found.get(namespace) ?? [])
      .filter(({ spec }) => selects(spec.podSelector, labels))
      .map(({ metadata }) => metadata.name);
    const ok = names.length > 0;
    return { what: `${app} ${ok ? `is under ${names.join(", ")}` : "is under no NetworkPolicy"}`, ok };
  });
}

async function secretEvidence(context: EnvironmentContext): Promise<Evidence[]> {
  const byApp = await Promise.all(
    (await running(context)).map(async ({ app, namespace, workload }) =>
      (await context.cluster.references(namespace, workload.template)).map(
        ({ kind, name, exists, missingKeys }): Evidence => ({
          what:
            exists === null
              ? `Whether ${app} has its ${kind} ${name} may not be seen`
              : exists && missingKeys.length === 0
                ? `${app} has its ${kind} ${name}`
                : `${app} lacks ${exists ? `${missingKeys.join(", ")} of` : ""} the ${kind} ${name}`,
          ok: exists === null ? null : exists && missingKeys.length === 0,
        }),
      ),
    ),
  );
  const found = byApp.flat();
  return found.length === 0 ? [{ what: "No app names a Secret or ConfigMap", ok: true }] : found;
}

/** Names of the roles that may do everything to something, or something to everything. */
async function wideRoles(objects: Objects, namespace: string | null): Promise<Set<string>> {
  const resource = namespace === null ? "clusterroles" : "roles";
  const roles = (await all(objects, { ...rbac, resource, namespace })).map((item) => Role.parse(item));
  const wide = roles.filter(({ rules }) =>
    rules?.some(({ verbs, resources }) => verbs.includes("*") || resources?.includes("*")),
  );
  return new Set(wide.map(({ metadata }) => metadata.name));
}

/** Service accounts by `namespace/name`, and the groups that they are all in. */
function bindsTo({ subjects }: Binding, account: { namespace: string; name: string }, where: string | null) {
  const groups = [
    "system:authenticated",
    "system:serviceaccounts",
    `system:serviceaccounts:${account.namespace}`,
  ];
  return (subjects ?? []).some(({ kind, name, namespace }) =>
    kind === "ServiceAccount"
      ? name === account.name && (namespace ?? where) === account.namespace
      : kind === "Group" && groups.includes(name),
  );
}

async function rbacEvidence(context: EnvironmentContext): Promise<Evidence[]> {
  const { objects } = context.cluster;
  const bindings: { binding: Binding; namespace: string | null }[] = [];
  const roles = new Map<string | null, Set<string>>();
  for (const namespace of [null, ...context.namespaces]) {
    const resource = namespace === null ? "clusterrolebindings" : "rolebindings";
    for (const item of await all(objects, { ...rbac, resource, namespace }))
      bindings.push({ binding: Binding.parse(item), namespace });
    roles.set(namespace, await wideRoles(objects, namespace));
  }
  const evidence: Evidence[] = [];
  for (const { app, namespace: home, workload } of await running(context)) {
    const { serviceAccountName: name } = Template.parse(workload.template).spec;
    const wide = bindings
      .filter(({ binding, namespace }) => bindsTo(binding, { namespace: home, name }, namespace))
      .filter(({ binding: { roleRef }, namespace }) =>
        roles.get(roleRef.kind === "ClusterRole" ? null : namespace)?.has(roleRef.name),
      )
      .map(({ binding }) => binding.roleRef.name);
    evidence.push({
      what:
        wide.length === 0
          ? `${app} runs as ${name}, which has no role that may do everything`
          : `${app} runs as ${name}, which may do everything by ${wide.join(", ")}`,
      ok: wide.length === 0,
    });
  }
  return evidence;
}

const looks = { "network-policies": policyEvidence, secrets: secretEvidence, rbac: rbacEvidence } as const;

/** Whether the apps are kept apart from each other, and have what they may have and no more. */
export const isolationCheck = defineCheck<Params>({
  name: "isolation-check",
  params: Params,
  title: ({ of }) => `${of} of the apps`,
  calls({ of }, { namespaces, apps }) {
    const gets = apps.map(({ target: { kind, namespace, name } }) => ({
      verb: "get" as const,
      group: "apps",
      resource: `${kind}s`,
      namespace,
      name,
    }));
    const lists = namespaces.map((namespace) => ({ verb: "list" as const, ...policies, namespace }));
    return of === "network-policies" ? [...gets, ...lists] : gets;
  },
  look: ({ of }, context) => looks[of](context),
});

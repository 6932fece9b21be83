import type { KubeObject, Store } from "./store.ts";

export interface User {
  name: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

/** What someone wants to do: to a resource, or to a path outside of resources. */
export interface Attributes {
  user: User;
  verb: string;
  resource?: { group: string; plural: string; subresource?: string; namespace?: string; name?: string };
  path?: string;
}

export interface PolicyRule {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

interface Decision {
  allowed: boolean;
  reason: string;
}

export interface Authorizer {
  authorize(attributes: Attributes): Decision;
  /** The rules that hold for a user in a namespace, cluster-wide ones first. */
  rulesFor(user: User, namespace: string): PolicyRule[];
}

interface Grant {
  /** undefined: everywhere. */
  namespace?: string;
  subjects: Subject[];
  rules: PolicyRule[];
  /** "ClusterRoleBinding "x" of ClusterRole "y"", for the reason of a decision. */
  origin: string;
}

interface Subject {
  kind: string;
  name: string;
  namespace?: string;
}

const rbacPlurals = new Set(["roles", "rolebindings", "clusterroles", "clusterrolebindings"]);

/** Decides by the Role and ClusterRole objects in the store; system:masters may do anything. */
export function createAuthorizer(store: Store): Authorizer {
  let grants: Grant[] | undefined;
  store.onEvent((plural) => {
    if (rbacPlurals.has(plural)) grants = undefined;
  });
  const current = () => (grants ??= readGrants(store));

  return {
    authorize(attributes) {
      if (attributes.user.groups.includes("system:masters")) return { allowed: true, reason: "" };
      const namespace = attributes.resource?.namespace;
      for (const grant of current()) {
        if (grant.namespace && grant.namespace !== namespace) continue;
        const subject = grant.subjects.find((one) => isSubject(one, attributes.user, grant.namespace));
        if (subject && grant.rules.some((rule) => ruleAllows(rule, attributes))) {
          return { allowed: true, reason: `RBAC: allowed by ${grant.origin} to ${describe(subject)}` };
        }
      }
      return { allowed: false, reason: "" };
    },
    rulesFor(user, namespace) {
      if (user.groups.includes("system:masters")) {
        const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
        return [everything, { verbs: ["*"], nonResourceURLs: ["*"] }];
      }
      return current()
        .filter((grant) => !grant.namespace || grant.namespace === namespace)
        .filter((grant) => grant.subjects.some((subject) => isSubject(subject, user, grant.namespace)))
        .flatMap((grant) => grant.rules);
    },
  };
}

/** Whether one rule of a role covers a request (source: the RBAC reference, "Referring to resources"). */
export function ruleAllows(rule: PolicyRule, { verb, resource, path }: Omit<Attributes, "user">): boolean {
  if (!covers(rule.verbs, verb)) return false;
  if (!resource)
    return path !== undefined && (rule.nonResourceURLs ?? []).some((url) => urlCovers(url, path));
  const { group, plural, subresource, name } = resource;
  const wanted = subresource ? [`${plural}/${subresource}`, `*/${subresource}`] : [plural];
  const named = rule.resourceNames ?? [];
  return (
    covers(rule.apiGroups, group) &&
    wanted.some((one) => covers(rule.resources, one)) &&
    (named.length === 0 || (name !== undefined && named.includes(name)))
  );
}

function covers(allowed: string[] | undefined, value: string): boolean {
  return allowed?.some((one) => one === "*" || one === value) ?? false;
}

function urlCovers(pattern: string, path: string): boolean {
  return pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}

function isSubject(subject: Subject, user: User, bindingNamespace: string | undefined): boolean {
  if (subject.kind === "User") return subject.name === user.name;
  if (subject.kind === "Group") return user.groups.includes(subject.name);
  const namespace = subject.namespace ?? bindingNamespace;
  return (
    subject.kind === "ServiceAccount" && user.name === `system:serviceaccount:${namespace}:${subject.name}`
  );
}

function describe({ kind, name, namespace }: Subject): string {
  return `${kind} "${kind === "ServiceAccount" ? `${name}/${namespace ?? ""}` : name}"`;
}

function readGrants(store: Store): Grant[] {
  const clusterRoles = new Map(store.list("clusterroles").map((role) => [role.metadata.name, rulesOf(role)]));
  const roles = new Map(
    store.list("roles").map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, rulesOf(role)]),
  );

  function grant(binding: KubeObject): Grant {
    const { name, namespace } = binding.metadata;
    const role = binding["roleRef"] as { kind: string; name: string };
    const rules =
      role.kind === "ClusterRole" ? clusterRoles.get(role.name) : roles.get(`${namespace}/${role.name}`);
    const which = namespace ? `RoleBinding "${name}/${namespace}"` : `ClusterRoleBinding "${name}"`;
    return {
      ...(namespace && { namespace }),
      subjects: (binding["subjects"] as Subject[] | undefined) ?? [],
      rules: rules ?? [],
      origin: `${which} of ${role.kind} "${role.name}"`,
    };
  }

  return [...store.list("clusterrolebindings").map(grant), ...store.list("rolebindings").map(grant)];
}

function rulesOf(role: KubeObject): PolicyRule[] {
  return (role["rules"] as PolicyRule[] | undefined) ?? [];
}

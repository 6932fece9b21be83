import type { IncomingMessage } from "node:http";
import { forbidden, StatusError } from "./status.ts";
import type { Attributes, Authorizer, User } from "./rbac.ts";

/** A bearer token and who it stands for. */
export interface Identity {
  token: string;
  user: string;
  groups: readonly string[];
}

/** Who sent a request, and as whom it is carried out. */
export interface Caller {
  user: User;
  impersonated?: User;
}

/**
 * kubectl sends no credentials over plain http, so a request without any is the sandbox's own administrator:
 * the sandbox listens on loopback only and checks Host and Origin.
 */
const administrator: User = { name: "practice-admin", groups: ["system:masters", "system:authenticated"] };

/** Throws StatusError 401 for a token nobody has, 403 when the sender may not impersonate. */
export function identify(
  req: Pick<IncomingMessage, "headers" | "headersDistinct">,
  identities: readonly Identity[],
  authorizer: Authorizer,
): Caller {
  const user = authenticate(req.headers.authorization, identities);
  const impersonated = impersonation(req.headersDistinct);
  if (!impersonated) return { user };
  for (const resource of impersonated.checks) {
    const attributes = { user, verb: "impersonate", resource };
    if (!authorizer.authorize(attributes).allowed) throw denied(attributes);
  }
  return { user, impersonated: impersonated.user };
}

function authenticate(authorization: string | undefined, identities: readonly Identity[]): User {
  if (authorization === undefined) return administrator;
  const token = /^Bearer +(.+)$/i.exec(authorization)?.[1];
  const identity = identities.find((one) => one.token === token);
  if (!identity) throw new StatusError(401, "Unauthorized", "Unauthorized");
  return { name: identity.user, groups: [...identity.groups, "system:authenticated"] };
}

type Check = NonNullable<Attributes["resource"]>;

function impersonation(
  headers: IncomingMessage["headersDistinct"],
): { user: User; checks: Check[] } | undefined {
  const name = headers["impersonate-user"]?.[0] ?? "";
  const groups = headers["impersonate-group"] ?? [];
  const uid = headers["impersonate-uid"]?.[0];
  const extra = extras(headers);
  if (name === "") {
    if (groups.length === 0 && !uid && extra.length === 0) return undefined;
    throw new StatusError(
      500,
      "InternalError",
      "Internal error occurred: impersonation without Impersonate-User",
    );
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  const authentication = "authentication.k8s.io";
  const checks: Check[] = [
    account
      ? { group: "", plural: "serviceaccounts", namespace: account[1]!, name: account[2]! }
      : { group: "", plural: "users", name },
    ...groups.map((group) => ({ group: "", plural: "groups", name: group })),
    ...extra.flatMap(([key, values]) =>
      values.map((value) => ({ group: authentication, plural: "userextras", subresource: key, name: value })),
    ),
    ...(uid ? [{ group: authentication, plural: "uids", name: uid }] : []),
  ];
  return {
    user: { name, ...(uid && { uid }), groups: groupsOf(name, groups, account?.[1]), ...withExtra(extra) },
    checks,
  };
}

function groupsOf(name: string, asked: string[], serviceAccountNamespace: string | undefined): string[] {
  const implied =
    asked.length === 0 && serviceAccountNamespace
      ? ["system:serviceaccounts", `system:serviceaccounts:${serviceAccountNamespace}`]
      : asked;
  const proof = name === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  return implied.includes(proof) ? implied : [...implied, proof];
}

function extras(headers: IncomingMessage["headersDistinct"]): [string, string[]][] {
  const prefix = "impersonate-extra-";
  return Object.entries(headers)
    .filter(([header]) => header.startsWith(prefix))
    .map(([header, values]) => [decodeURIComponent(header.slice(prefix.length)), values ?? []]);
}

function withExtra(extra: [string, string[]][]): Pick<User, "extra"> {
  return extra.length === 0 ? {} : { extra: Object.fromEntries(extra) };
}

/** The refusal of a request RBAC does not allow, in the words kubectl shows. */
export function denied({ user, verb, resource, path }: Attributes): StatusError {
  if (!resource) {
    return new StatusError(
      403,
      "Forbidden",
      `forbidden: User "${user.name}" cannot ${verb} path "${path}"`,
      {},
    );
  }
  const { group, plural, subresource, namespace, name } = resource;
  const what = subresource ? `${plural}/${subresource}` : plural;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  const why = `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
  return forbidden({ group, plural }, name ?? "", why);
}

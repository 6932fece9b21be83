import { z } from "zod";
import { decodeObject } from "./body.ts";
import { actingUser } from "./http.ts";
import type { Answer, ResourceCall } from "./http.ts";
import { apiVersionOf } from "./kinds.ts";
import type { Kind } from "./kinds.ts";
import { timestamp } from "./object.ts";
import type { Attributes, Authorizer, PolicyRule, User } from "./rbac.ts";
import { badRequest, cause, invalid, methodNotAllowed } from "./status.ts";
import { isDryRun } from "./write.ts";

const AccessSpec = z.object({
  resourceAttributes: z
    .object({
      namespace: z.string().default(""),
      verb: z.string().default(""),
      group: z.string().default(""),
      resource: z.string().default(""),
      subresource: z.string().default(""),
      name: z.string().default(""),
    })
    .optional(),
  nonResourceAttributes: z.object({ path: z.string().default(""), verb: z.string().default("") }).optional(),
  user: z.string().default(""),
  groups: z.array(z.string()).default([]),
  uid: z.string().optional(),
});
const RulesSpec = z.object({ namespace: z.string().default("") });

type AccessReview = z.infer<typeof AccessSpec>;

/** Answers the kinds that are questions: who am I, and may someone do this. Throws StatusError 400, 405, 422. */
export function answerReview(authorizer: Authorizer, call: ResourceCall, kind: Kind): Answer {
  if (call.verb !== "create" || call.target.name) throw methodNotAllowed();
  isDryRun(call);
  const sent = decodeObject(call, kind.kind);
  const user = actingUser(call.caller);
  const respond = (status: object): Answer => ({
    code: 201,
    body: {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: { creationTimestamp: kind.kind === "SelfSubjectReview" ? timestamp(call.now) : null },
      ...(sent["spec"] !== undefined && { spec: sent["spec"] }),
      status,
    },
  });

  switch (kind.kind) {
    case "SelfSubjectReview":
      return respond({ userInfo: userInfo(user) });
    case "SelfSubjectRulesReview":
      return respond(rules(authorizer, user, parse(RulesSpec, sent["spec"]).namespace));
    case "SelfSubjectAccessReview":
      return respond(decide(authorizer, user, parse(AccessSpec, sent["spec"]), kind));
    case "SubjectAccessReview":
    case "LocalSubjectAccessReview": {
      const spec = parse(AccessSpec, sent["spec"]);
      return respond(decide(authorizer, subject(spec, kind), spec, kind));
    }
    default:
      throw methodNotAllowed();
  }
}

function parse<T>(schema: z.ZodType<T>, spec: unknown): T {
  const result = schema.safeParse(spec ?? {});
  if (result.success) return result.data;
  throw badRequest(`the spec cannot be read: ${z.prettifyError(result.error)}`);
}

function userInfo({ name, uid, groups, extra }: User): object {
  return { username: name, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

function subject({ user, groups, uid }: AccessReview, kind: Kind): User {
  if (user === "" && groups.length === 0) {
    const message = '"": at least one of user or group must be specified';
    throw invalid(kind, "", [cause("spec.user", "Invalid value", message)]);
  }
  return { name: user, groups, ...(uid && { uid }) };
}

function decide(authorizer: Authorizer, user: User, spec: AccessReview, kind: Kind): object {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (resource ? path : !path) {
    const message = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    throw invalid(kind, "", [cause("spec.resourceAttributes", "Invalid value", `"": ${message}`)]);
  }
  const attributes: Attributes = resource
    ? {
        user,
        verb: resource.verb,
        resource: {
          group: resource.group,
          plural: resource.resource,
          ...(resource.subresource && { subresource: resource.subresource }),
          ...(resource.namespace && { namespace: resource.namespace }),
          ...(resource.name && { name: resource.name }),
        },
      }
    : { user, verb: path!.verb, path: path!.path };
  const { allowed, reason } = authorizer.authorize(attributes);
  return { allowed, ...(reason && { reason }) };
}

function rules(authorizer: Authorizer, user: User, namespace: string): object {
  const all = authorizer.rulesFor(user, namespace);
  const resourceRules = all.filter((rule) => rule.resources).map(resourceRule);
  const nonResourceRules = all
    .filter((rule) => rule.nonResourceURLs)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs }));
  return { resourceRules, nonResourceRules, incomplete: false };
}

function resourceRule({ verbs, apiGroups = [""], resources, resourceNames }: PolicyRule): object {
  return { verbs, apiGroups, resources, ...(resourceNames && { resourceNames }) };
}

import type { Answer, Call } from "./http.ts";
import { apiVersionOf, kinds } from "./kinds.ts";
import type { Kind } from "./kinds.ts";

/**
 * OpenAPI as far as kubectl reads it before a patch, an apply or a dry run: which kinds there are and that
 * their PATCH takes dryRun, fieldManager and fieldValidation. Schemas are open objects.
 */
export function answerOpenApi(call: Call): Answer | undefined {
  if (call.path === "/openapi/v2" && /proto-openapi/.test(call.headers.accept ?? ""))
    return { code: 200, type: protobufType, stream: emptyDocument() };
  if (call.path === "/openapi/v2")
    return { code: 200, body: { swagger: "2.0", info: title, ...documentV2() } };
  if (call.path === "/openapi/v3") return { code: 200, body: { paths: indexV3() } };
  const groupVersion = /^\/openapi\/v3\/(?:api|apis)\/(.+)$/.exec(call.path)?.[1];
  const here = kinds.filter((kind) => apiVersionOf(kind) === groupVersion);
  return here.length === 0 ? undefined : { code: 200, body: documentV3(here) };
}

const protobufType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/** kubectl looks kinds that are not served up in this form, only to find that they are in it neither. */
async function* emptyDocument(): AsyncGenerator<string> {
  yield "\n\u00032.0";
}

const title = { title: "Kubernetes", version: "v1.32.13" };

function rootOf(kind: Kind): string {
  return `${kind.group === "" ? "api" : "apis"}/${apiVersionOf(kind)}`;
}

function indexV3(): object {
  const roots = [...new Set(kinds.map(rootOf))];
  return Object.fromEntries(roots.map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=1` }]));
}

function documentV3(here: Kind[]): object {
  const schemas = Object.fromEntries(here.map((kind) => [schemaName(kind), schemaOf(kind)]));
  const paths = Object.fromEntries(
    here.map((kind) => [
      pathOf(kind),
      operations(kind, (name) => ({ schema: { type: "string" }, ...parameter(name) })),
    ]),
  );
  return { openapi: "3.0.0", info: title, paths, components: { schemas } };
}

function documentV2(): object {
  const definitions = Object.fromEntries(kinds.map((kind) => [schemaName(kind), schemaOf(kind)]));
  const paths = Object.fromEntries(
    kinds.map((kind) => [pathOf(kind), operations(kind, (name) => ({ type: "string", ...parameter(name) }))]),
  );
  return { definitions, paths };
}

function schemaName(kind: Kind): string {
  return `io.crai.practice.${kind.group || "core"}.${kind.version}.${kind.kind}`;
}

function schemaOf(kind: Kind): object {
  const { group, version } = kind;
  return {
    type: "object",
    "x-kubernetes-preserve-unknown-fields": true,
    "x-kubernetes-group-version-kind": [{ group, version, kind: kind.kind }],
  };
}

function pathOf(kind: Kind): string {
  return `/${rootOf(kind)}/${kind.namespaced ? "namespaces/{namespace}/" : ""}${kind.plural}/{name}`;
}

function parameter(name: string): object {
  return { name, in: "query", uniqueItems: true };
}

function operations(kind: Kind, describe: (name: string) => object): object {
  const { group, version } = kind;
  const operation = {
    "x-kubernetes-group-version-kind": { group, version, kind: kind.kind },
    parameters: ["dryRun", "fieldManager", "fieldValidation"].map(describe),
    responses: { 200: { description: "OK" } },
  };
  const patch = { ...operation, operationId: `patch${kind.kind}`, "x-kubernetes-action": "patch" };
  return { patch };
}

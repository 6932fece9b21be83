import protobuf from "protobufjs";
import { isRecord } from "./object.ts";
import { badRequest } from "./status.ts";

/** Kubernetes's prefix of a protobuf body: the letters k8s and a zero byte, then runtime.Unknown. */
const magic = Buffer.from("k8s\0");

/**
 * Messages kubectl sends as protobuf and not as JSON, with the fields we read: the reviews, and what its
 * shorter `create` commands make.
 * Field numbers are those of k8s.io/api's generated.proto; unknown fields are skipped.
 */
const { root } = protobuf.parse(`
  syntax = "proto2";
  message TypeMeta { optional string apiVersion = 1; optional string kind = 2; }
  message Unknown { optional TypeMeta typeMeta = 1; optional bytes raw = 2; }
  message ObjectMeta {
    optional string name = 1; optional string generateName = 2; optional string namespace = 3;
    map<string, string> labels = 11; map<string, string> annotations = 12;
  }
  message Namespace { optional ObjectMeta metadata = 1; }
  message ServiceAccount { optional ObjectMeta metadata = 1; }
  message ConfigMap { optional ObjectMeta metadata = 1; map<string, string> data = 2; optional bool immutable = 4; }
  message Secret {
    optional ObjectMeta metadata = 1; map<string, bytes> data = 2; optional string type = 3;
    map<string, string> stringData = 4; optional bool immutable = 5;
  }
  message Subject { optional string kind = 1; optional string apiGroup = 2; optional string name = 3; optional string namespace = 4; }
  message RoleRef { optional string apiGroup = 1; optional string kind = 2; optional string name = 3; }
  message PolicyRule {
    repeated string verbs = 1; repeated string apiGroups = 2; repeated string resources = 3;
    repeated string resourceNames = 4; repeated string nonResourceURLs = 5;
  }
  message Role { optional ObjectMeta metadata = 1; repeated PolicyRule rules = 2; }
  message ClusterRole { optional ObjectMeta metadata = 1; repeated PolicyRule rules = 2; }
  message RoleBinding { optional ObjectMeta metadata = 1; repeated Subject subjects = 2; optional RoleRef roleRef = 3; }
  message ClusterRoleBinding { optional ObjectMeta metadata = 1; repeated Subject subjects = 2; optional RoleRef roleRef = 3; }
  message ContainerPort { optional int32 containerPort = 3; optional string protocol = 4; }
  message Container {
    optional string name = 1; optional string image = 2; repeated string command = 3; repeated string args = 4;
    repeated ContainerPort ports = 6;
  }
  message PodSpec { repeated Container containers = 2; }
  message PodTemplateSpec { optional ObjectMeta metadata = 1; optional PodSpec spec = 2; }
  message LabelSelector { map<string, string> matchLabels = 1; }
  message DeploymentSpec { optional int32 replicas = 1; optional LabelSelector selector = 2; optional PodTemplateSpec template = 3; }
  message Deployment { optional ObjectMeta metadata = 1; optional DeploymentSpec spec = 2; }
  message ResourceAttributes {
    optional string namespace = 1; optional string verb = 2; optional string group = 3;
    optional string version = 4; optional string resource = 5; optional string subresource = 6;
    optional string name = 7;
  }
  message NonResourceAttributes { optional string path = 1; optional string verb = 2; }
  message ExtraValue { repeated string items = 1; }
  message SelfSubjectAccessReviewSpec {
    optional ResourceAttributes resourceAttributes = 1;
    optional NonResourceAttributes nonResourceAttributes = 2;
  }
  message SelfSubjectAccessReview { optional ObjectMeta metadata = 1; optional SelfSubjectAccessReviewSpec spec = 2; }
  message SubjectAccessReviewSpec {
    optional ResourceAttributes resourceAttributes = 1;
    optional NonResourceAttributes nonResourceAttributes = 2;
    optional string user = 3; repeated string groups = 4; map<string, ExtraValue> extra = 5;
    optional string uid = 6;
  }
  message SubjectAccessReview { optional ObjectMeta metadata = 1; optional SubjectAccessReviewSpec spec = 2; }
  message LocalSubjectAccessReview { optional ObjectMeta metadata = 1; optional SubjectAccessReviewSpec spec = 2; }
  message SelfSubjectRulesReviewSpec { optional string namespace = 1; }
  message SelfSubjectRulesReview { optional ObjectMeta metadata = 1; optional SelfSubjectRulesReviewSpec spec = 2; }
  message SelfSubjectReview { optional ObjectMeta metadata = 1; }
`);

/** Whether protobuf bodies of a kind can be read. */
export function speaksProtobuf(kind: string): boolean {
  return root.get(kind) instanceof protobuf.Type;
}

/** The JSON form of a protobuf body; throws StatusError 400 for one that is not of that kind. */
export function decodeProtobuf(body: Buffer, kind: string): Record<string, unknown> {
  if (!body.subarray(0, magic.length).equals(magic)) {
    throw badRequest(
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
  }
  try {
    const { typeMeta, raw } = plain("Unknown", body.subarray(magic.length));
    const type = typeMeta as { apiVersion?: string; kind?: string } | undefined;
    if (type?.kind !== kind) throw new Error(`the body is a ${type?.kind ?? "message without a kind"}`);
    return { ...type, ...plain(kind, raw as Uint8Array) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why}`);
  }
}

function plain(message: string, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(message);
  const options = message === "Unknown" ? {} : { bytes: String };
  const value = type.toObject(type.decode(bytes ?? new Uint8Array()), options);
  dropUnset(type, value);
  return value;
}

/** kubectl writes fields it has nothing for as empty strings, which JSON leaves out; values of maps stay. */
function dropUnset(type: protobuf.Type, value: Record<string, unknown>): void {
  for (const field of type.fieldsArray) {
    if (field.map) continue;
    const inner = value[field.name];
    const { resolvedType } = field;
    if (inner === "") delete value[field.name];
    else if (resolvedType instanceof protobuf.Type) {
      for (const one of [inner].flat()) if (isRecord(one)) dropUnset(resolvedType, one);
    }
  }
}

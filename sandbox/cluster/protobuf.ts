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
    repeated OwnerReference ownerReferences = 13;
  }
  message OwnerReference {
    optional string kind = 1; optional string name = 3; optional string uid = 4; optional string apiVersion = 5;
    optional bool controller = 6; optional bool blockOwnerDeletion = 7;
  }
  message Quantity { optional string string = 1; }
  message IntOrString { optional int64 type = 1; optional int32 intVal = 2; optional string strVal = 3; }
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
  message KeySelector { optional LocalReference localObjectReference = 1; optional string key = 2; optional bool optional = 3; }
  message LocalReference { optional string name = 1; }
  message FieldSelector { optional string apiVersion = 1; optional string fieldPath = 2; }
  message EnvVarSource {
    optional FieldSelector fieldRef = 1; optional KeySelector configMapKeyRef = 3; optional KeySelector secretKeyRef = 4;
  }
  message EnvVar { optional string name = 1; optional string value = 2; optional EnvVarSource valueFrom = 3; }
  message EnvFromReference { optional LocalReference localObjectReference = 1; optional bool optional = 2; }
  message EnvFromSource {
    optional string prefix = 1; optional EnvFromReference configMapRef = 2; optional EnvFromReference secretRef = 3;
  }
  message ResourceRequirements { map<string, Quantity> limits = 1; map<string, Quantity> requests = 2; }
  message Container {
    optional string name = 1; optional string image = 2; repeated string command = 3; repeated string args = 4;
    optional string workingDir = 5; repeated ContainerPort ports = 6; repeated EnvVar env = 7;
    optional ResourceRequirements resources = 8; optional string imagePullPolicy = 14; repeated EnvFromSource envFrom = 19;
  }
  message PodSpec {
    repeated Container containers = 2; optional string restartPolicy = 3; optional int64 activeDeadlineSeconds = 5;
    map<string, string> nodeSelector = 7; optional string serviceAccountName = 8;
  }
  message PodTemplateSpec { optional ObjectMeta metadata = 1; optional PodSpec spec = 2; }
  message LabelSelector { map<string, string> matchLabels = 1; }
  message DeploymentSpec { optional int32 replicas = 1; optional LabelSelector selector = 2; optional PodTemplateSpec template = 3; }
  message Deployment { optional ObjectMeta metadata = 1; optional DeploymentSpec spec = 2; }
  message JobSpec {
    optional int32 parallelism = 1; optional int32 completions = 2; optional int64 activeDeadlineSeconds = 3;
    optional LabelSelector selector = 4; optional bool manualSelector = 5; optional PodTemplateSpec template = 6;
    optional int32 backoffLimit = 7; optional int32 ttlSecondsAfterFinished = 8; optional string completionMode = 9;
    optional bool suspend = 10;
  }
  message Job { optional ObjectMeta metadata = 1; optional JobSpec spec = 2; }
  message JobTemplateSpec { optional ObjectMeta metadata = 1; optional JobSpec spec = 2; }
  message CronJobSpec {
    optional string schedule = 1; optional int64 startingDeadlineSeconds = 2; optional string concurrencyPolicy = 3;
    optional bool suspend = 4; optional JobTemplateSpec jobTemplate = 5; optional int32 successfulJobsHistoryLimit = 6;
    optional int32 failedJobsHistoryLimit = 7; optional string timeZone = 8;
  }
  message CronJob { optional ObjectMeta metadata = 1; optional CronJobSpec spec = 2; }
  message ResourceQuotaSpec { map<string, Quantity> hard = 1; repeated string scopes = 2; }
  message ResourceQuota { optional ObjectMeta metadata = 1; optional ResourceQuotaSpec spec = 2; }
  message PodDisruptionBudgetSpec {
    optional IntOrString minAvailable = 1; optional LabelSelector selector = 2; optional IntOrString maxUnavailable = 3;
  }
  message PodDisruptionBudget { optional ObjectMeta metadata = 1; optional PodDisruptionBudgetSpec spec = 2; }
  message Preconditions { optional string uid = 1; optional string resourceVersion = 2; }
  message EvictionDeleteOptions {
    optional int64 gracePeriodSeconds = 1; optional Preconditions preconditions = 2; repeated string dryRun = 5;
  }
  message Eviction { optional ObjectMeta metadata = 1; optional EvictionDeleteOptions deleteOptions = 2; }
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
  const options = message === "Unknown" ? {} : { bytes: String, longs: Number };
  const value = type.toObject(type.decode(bytes ?? new Uint8Array()), options);
  dropUnset(type, value);
  return value;
}

/** Messages that JSON writes as one value. */
const scalars: Record<string, (message: Record<string, unknown>) => unknown> = {
  Quantity: (message) => message["string"] ?? "0",
  IntOrString: (message) => (message["type"] === 1 ? (message["strVal"] ?? "") : (message["intVal"] ?? 0)),
};

function tidyMap(field: protobuf.Field, value: Record<string, unknown>): void {
  const scalar = scalars[field.resolvedType?.name ?? ""];
  const map = value[field.name];
  if (!scalar || !isRecord(map)) return;
  value[field.name] = Object.fromEntries(
    Object.entries(map).map(([name, one]) => [name, isRecord(one) ? scalar(one) : one]),
  );
}

/** kubectl writes fields it has nothing for as empty strings, which JSON leaves out; values of maps stay. */
function dropUnset(type: protobuf.Type, value: Record<string, unknown>): void {
  for (const field of type.fieldsArray) {
    if (field.map) {
      tidyMap(field, value);
      continue;
    }
    const inner = value[field.name];
    const { resolvedType } = field;
    if (resolvedType && resolvedType.name in scalars && isRecord(inner)) {
      value[field.name] = scalars[resolvedType.name]!(inner);
    } else if (resolvedType?.name === "LocalReference" && isRecord(inner)) {
      // An embedded struct of Go: its fields are the outer object's in JSON.
      delete value[field.name];
      Object.assign(value, inner);
    } else if (inner === "") delete value[field.name];
    else if (resolvedType instanceof protobuf.Type) {
      for (const one of [inner].flat()) if (isRecord(one)) dropUnset(resolvedType, one);
    }
  }
}

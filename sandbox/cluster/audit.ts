import { randomUUID } from "node:crypto";
import type { Call } from "./http.ts";
import type { User } from "./rbac.ts";

interface AuditUser {
  username: string;
  uid?: string;
  groups: string[];
}

/** One request, as an audit.k8s.io/v1 Event of level Metadata. */
export interface AuditEvent {
  kind: "Event";
  apiVersion: "audit.k8s.io/v1";
  level: "Metadata";
  auditID: string;
  /** ResponseStarted for watches and followed logs, which go on; ResponseComplete for all else. */
  stage: "ResponseStarted" | "ResponseComplete";
  /** The path and query, where dryRun=All shows. */
  requestURI: string;
  verb: string;
  user: AuditUser;
  impersonatedUser?: AuditUser;
  sourceIPs: string[];
  userAgent?: string;
  objectRef?: {
    resource: string;
    namespace?: string;
    name?: string;
    apiGroup?: string;
    apiVersion: string;
    subresource?: string;
  };
  responseStatus: { code: number; message?: string; reason?: string };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
}

export interface Answered {
  code: number;
  /** The answer goes on as a stream. */
  started?: boolean;
  message?: string;
  reason?: string;
  at: Date;
}

/** The audit event of a call and what was answered. */
export function auditEvent(call: Call, answered: Answered, id: string = randomUUID()): AuditEvent {
  const { target, caller } = call;
  const userAgent = call.headers["user-agent"];
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: id,
    stage: answered.started ? "ResponseStarted" : "ResponseComplete",
    requestURI: call.uri,
    verb: call.verb,
    user: auditUser(caller.user),
    ...(caller.impersonated && { impersonatedUser: auditUser(caller.impersonated) }),
    sourceIPs: ["127.0.0.1"],
    ...(userAgent && { userAgent }),
    ...(target && {
      objectRef: {
        resource: target.plural,
        ...(target.namespace && { namespace: target.namespace }),
        ...(target.name && { name: target.name }),
        ...(target.group && { apiGroup: target.group }),
        apiVersion: target.version,
        ...(target.subresource && { subresource: target.subresource }),
      },
    }),
    responseStatus: {
      code: answered.code,
      ...(answered.message && { message: answered.message }),
      ...(answered.reason && { reason: answered.reason }),
    },
    requestReceivedTimestamp: call.now.toISOString().replace("Z", "000Z"),
    stageTimestamp: answered.at.toISOString().replace("Z", "000Z"),
  };
}

function auditUser({ name, uid, groups }: User): AuditUser {
  return { username: name, ...(uid && { uid }), groups };
}

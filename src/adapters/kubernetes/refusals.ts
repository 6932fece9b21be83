import { z } from "zod";
import { ClusterUnreachable, PatchConflict } from "../../domain/errors.ts";
import { storableJson } from "../../domain/storable-json.ts";
import { ClusterRefusal } from "../../engine/cluster-refusal.ts";
import { type Call, resourceName } from "./resource-path.ts";

/** The part of a Kubernetes Status object that says why. */
const Status = z.object({
  message: z.string().default(""),
  reason: z.string().default(""),
  details: z
    .object({
      kind: z.string().optional(),
      causes: z
        .array(
          z.object({
            reason: z.string().default(""),
            message: z.string().default(""),
            field: z.string().default(""),
          }),
        )
        .default([]),
    })
    .optional(),
});
type Status = z.infer<typeof Status>;

/** 410: the server has forgotten the version that a list or a watch wanted to go on from. */
export class Expired extends Error {
  override readonly name = "Expired";
}

/** In whose name which cluster was called: refusals name both. */
export interface Caller {
  cluster: string;
  user: string;
  /** False on the command line: the caller's own credentials, no impersonation. */
  impersonated: boolean;
}

interface Failure {
  call: Call;
  caller: Caller;
  status: number;
  body: string;
}

/** Some refusals quote the whole object, literal environment values and all; nobody needs that, and some must not see it. */
function withoutObjects(message: string): string {
  const short = message.replace(
    /Invalid value: ("(?:[^"\\]|\\.){80,}"|[\w.]+\{.*)/s,
    "Invalid value (not shown)",
  );
  return short.length > 500 ? `${short.slice(0, 500)}…` : short;
}

function parseStatus(body: string): Status {
  let json: unknown;
  try {
    json = JSON.parse(storableJson(body));
  } catch {
    // A proxy's page in place of the API server's words; the status code alone must do.
    json = {};
  }
  const parsed = Status.safeParse(json);
  if (!parsed.success) return { message: "", reason: "" };
  return { ...parsed.data, message: withoutObjects(parsed.data.message) };
}

function where({ namespace }: Call): string {
  return namespace === null ? "in the whole cluster" : `in ${namespace}`;
}

function thing(call: Call): string {
  return call.name === undefined ? resourceName(call) : `${resourceName(call)} ${call.name}`;
}

function forbidden({ call, caller }: Failure, message: string): ClusterRefusal {
  if (/cannot impersonate resource/.test(message)) {
    return new ClusterRefusal("forbidden", `crai may not act as ${caller.user} on ${caller.cluster}`, {
      why: message,
      next: "Whoever keeps the cluster's RBAC can allow crai's service account to impersonate this user and these groups.",
    });
  }
  // RBAC names the user; admission plugins and quotas only say that it is forbidden.
  if (message !== "" && !/User "[^"]*" cannot /.test(message)) {
    return new ClusterRefusal(
      "denied",
      `${caller.cluster} would not let ${thing(call)} ${where(call)} be changed`,
      {
        why: message,
        next: "An admission rule or a quota says no: ask whoever keeps it.",
      },
    );
  }
  return new ClusterRefusal(
    "forbidden",
    `${caller.user} may not ${call.verb} ${thing(call)} ${where(call)}`,
    {
      why: message === "" ? `The RBAC of cluster ${caller.cluster} does not allow it.` : message,
      next: `Ask whoever keeps the RBAC of ${caller.cluster} for "${call.verb}" on "${resourceName(call)}" ${where(call)}, or somebody who has it to do this.`,
    },
  );
}

function unauthenticated({ caller }: Failure): ClusterRefusal {
  return new ClusterRefusal(
    "unauthenticated",
    `${caller.cluster} does not accept ${caller.impersonated ? "crai's" : "your"} credentials`,
    {
      why: "They are missing, wrong or expired.",
      next: caller.impersonated
        ? "Renew the credentials that KUBECONFIG holds."
        : "Log in to the cluster again.",
    },
  );
}

function notFound({ call, caller }: Failure, { message }: Status): Error {
  return new ClusterRefusal("not-found", `There is no ${thing(call)} ${where(call)} on ${caller.cluster}`, {
    why: message || "It gave no reason.",
    next: "Check the app's cluster, namespace and workload in crai.yaml.",
  });
}

function conflict({ call, caller }: Failure, { message, reason, details }: Status): Error {
  const owned = details?.causes.filter((cause) => cause.reason === "FieldManagerConflict") ?? [];
  if (owned.length > 0)
    return new ClusterRefusal("conflict", `Another manager owns fields of ${thing(call)} ${where(call)}`, {
      why: owned.map((cause) => `${cause.field}: ${cause.message}`).join("; "),
      next: "Agree with whoever manages them who does from now on, or take them over.",
    });
  if (reason === "AlreadyExists")
    return new ClusterRefusal("exists", `There is such a ${thing(call)} ${where(call)} already`, {
      why: message,
      next: `Look at it on ${caller.cluster} first.`,
    });
  return new PatchConflict(message || `${thing(call)} had changed`);
}

function unprocessable(failure: Failure, status: Status): Error {
  const { call, caller } = failure;
  // A failed `test` of a JSON patch is a 422 that names neither kind nor cause; a broken rule of the object names both.
  const { kind, causes = [] } = status.details ?? {};
  if (call.verb === "patch" && kind === undefined && causes.length === 0) return conflict(failure, status);
  return new ClusterRefusal("invalid", `${caller.cluster} finds ${thing(call)} invalid`, {
    why: status.message || "It gave no reason.",
    next: "Look at the workload itself: what is to be written does not fit it.",
  });
}

const byStatus: Readonly<Record<number, (failure: Failure, status: Status) => Error>> = {
  401: unauthenticated,
  403: (failure, { message }) => forbidden(failure, message),
  404: notFound,
  409: conflict,
  410: (_, { message }) => new Expired(message),
  422: unprocessable,
};

function other({ call, caller, status }: Failure, { message, reason, details }: Status): Error {
  if (status === 429 && details?.causes.some((cause) => cause.reason === "DisruptionBudget") === true)
    return new ClusterRefusal("blocked", `${call.name ?? "The pod"} may not be evicted now`, {
      why: details.causes.map((cause) => cause.message).join("; "),
      next: "Wait until more pods of its app are ready, or ask its owner.",
    });
  if (status >= 500 || status === 429 || status === 408)
    return new ClusterUnreachable(
      `The API server of ${caller.cluster} answered ${status}${message === "" ? "" : `: ${message}`}`,
    );
  // Webhooks may deny with any code.
  return new ClusterRefusal(
    reason === "BadRequest" ? "invalid" : "denied",
    `${caller.cluster} refused to ${call.verb} ${thing(call)} ${where(call)} (${status})`,
    {
      why: message || reason || "It gave no reason.",
      next: "An admission rule may say no: ask whoever keeps the cluster.",
    },
  );
}

/** The error for an answer that is not 2xx. */
export function refusalOf(failure: Failure): Error {
  return (byStatus[failure.status] ?? other)(failure, parseStatus(failure.body));
}

import { targetKey } from "../../domain/app.ts";
import { callName } from "../../domain/plan.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import { isUserError } from "../../domain/errors.ts";
import type { Cluster, JsonObject, Permit, Reference } from "../../engine/ports.ts";
import type { Api } from "./api.ts";
import { listAll } from "./list.ts";
import { createObjects } from "./objects.ts";
import { patchTypes } from "./patch-types.ts";
import { podsOf } from "./pods.ts";
import { type Needed, neededBy } from "./references.ts";
import { type Call, isName } from "./resource-path.ts";
import { toRevisions } from "./revisions.ts";
import { rolloutStatus } from "./rollout-status.ts";
import { autoscalersOf } from "./autoscalers.ts";
import {
  ConfigMapKeys,
  isControlledBy,
  ReplicaSet,
  Scale,
  SelfSubjectAccessReview,
  SelfSubjectReview,
  selectorText,
  WorkloadObject,
} from "./shapes.ts";
import { nextChange, type Watched } from "./watch.ts";
import { toWorkload, workloadCall } from "./workload.ts";

/** Only the name and labels come over the wire, never what a Secret holds. */
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

const review = (resource: string, group: string): Call => ({
  verb: "create",
  group,
  resource,
  namespace: null,
});

async function permit(api: Api, resourceAttributes: Call): Promise<Omit<Permit, "call">> {
  const answer = await api.ask(review("selfsubjectaccessreviews", "authorization.k8s.io"), {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    // In a review no namespace is an empty one.
    spec: {
      resourceAttributes: {
        ...resourceAttributes,
        namespace: resourceAttributes.namespace ?? "",
      } as JsonObject,
    },
  });
  const { allowed, reason } = SelfSubjectAccessReview.parse(answer).status;
  return { allowed, reason: reason || null };
}

async function look(api: Api, namespace: string, needed: Needed): Promise<Reference> {
  const { kind, name, keys } = needed;
  const answer = (exists: boolean | null, missingKeys: string[] = []): Reference => ({
    kind,
    name,
    exists,
    missingKeys,
  });
  // The API server does not check names in templates; no object can have such a one.
  if (!isName(name)) return answer(false);
  const resource = kind === "Secret" ? "secrets" : "configmaps";
  const call: Call = { verb: "get", group: "", resource, namespace, name };
  // A refused read of a Secret looks like an attack in an audit log: ask before.
  if (kind === "Secret" && !(await permit(api, call)).allowed) return answer(null);
  try {
    const found = await api.get(call, kind === "Secret" ? { accept: metadataOnly } : {});
    if (kind === "Secret") return answer(true);
    const { data, binaryData } = ConfigMapKeys.parse(found);
    return answer(
      true,
      keys.filter((key) => !(key in data) && !(key in binaryData)),
    );
  } catch (error) {
    if (isRefusal(error, "not-found")) return answer(false);
    if (isUserError(error)) return answer(null);
    throw error;
  }
}

/** What was last read of a target, so that `changed` misses nothing that happened since. */
interface Seen {
  workload: Watched;
  selector: string;
  pods?: Watched;
}

/** One cluster in one actor's name. */
export function createCluster(api: Api): Cluster {
  const seen = new Map<string, Seen>();
  function list(group: string, resource: string, namespace: string, labelSelector: string) {
    return listAll(api, { verb: "list", group, resource, namespace }, { labelSelector });
  }

  return {
    async whoAmI() {
      const answer = await api.ask(review("selfsubjectreviews", "authentication.k8s.io"), {
        apiVersion: "authentication.k8s.io/v1",
        kind: "SelfSubjectReview",
      });
      const { username, groups } = SelfSubjectReview.parse(answer).status.userInfo;
      return { user: username, groups };
    },

    async permits(calls) {
      const once = new Map(calls.map((call) => [callName(call), call]));
      return Promise.all(
        [...once.values()].map(async (call) => {
          const { cluster: _, ...attributes } = call;
          return { call, ...(await permit(api, attributes)) };
        }),
      );
    },

    async workload(target) {
      const workload = toWorkload(target, await api.get(workloadCall("get", target)));
      const { name: _, ...call } = workloadCall("watch", target);
      const before = seen.get(targetKey(target));
      seen.set(targetKey(target), {
        ...before,
        selector: selectorText(WorkloadObject.parse(workload.raw).spec.selector),
        workload: {
          call,
          query: { fieldSelector: `metadata.name=${target.name}` },
          since: workload.resourceVersion,
        },
      });
      return workload;
    },

    async revisions(workload) {
      const { kind, namespace } = workload.target;
      const selector = selectorText(WorkloadObject.parse(workload.raw).spec.selector);
      const resource = kind === "deployment" ? "replicasets" : "controllerrevisions";
      return toRevisions(workload, (await list("apps", resource, namespace, selector)).items);
    },

    async rolloutStatus(workload, options) {
      return rolloutStatus(workload, options?.revision);
    },

    async pods(workload) {
      const { target, uid } = workload;
      const { kind, namespace } = target;
      const selector = selectorText(WorkloadObject.parse(workload.raw).spec.selector);
      const [pods, sets] = await Promise.all([
        list("", "pods", namespace, selector),
        kind === "deployment" ? list("apps", "replicasets", namespace, selector) : { items: [] },
      ]);
      const before = seen.get(targetKey(target));
      if (before) {
        const call: Call = { verb: "watch", group: "", resource: "pods", namespace };
        seen.set(targetKey(target), {
          ...before,
          pods: { call, query: { labelSelector: selector }, since: pods.resourceVersion },
        });
      }
      const owners = sets.items
        .map((item) => ReplicaSet.parse(item).metadata)
        .filter((metadata) => isControlledBy(metadata, uid))
        .map((metadata) => metadata.uid);
      return podsOf(kind === "deployment" ? owners : [uid], pods.items);
    },

    references(namespace, template) {
      return Promise.all(neededBy(template).map((needed) => look(api, namespace, needed)));
    },

    patch(target, { type, body, subresource, dryRun = false, fieldManager }) {
      return api.patch(workloadCall("patch", target, subresource), {
        contentType: patchTypes[type],
        body,
        query: { fieldManager },
        dryRun,
      });
    },

    async scale(target) {
      const { metadata, spec } = Scale.parse(await api.get(workloadCall("get", target, "scale")));
      return { replicas: spec.replicas, resourceVersion: metadata.resourceVersion };
    },

    autoscalers(target) {
      return autoscalersOf(api, target);
    },

    async deletePod(namespace, pod, uid) {
      await api.delete(
        { verb: "delete", group: "", resource: "pods", namespace, name: pod },
        { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } },
      );
    },

    async changed(target, ms, signal) {
      const stop = new AbortController();
      const ends = [AbortSignal.timeout(ms), stop.signal, ...(signal ? [signal] : [])];
      const until = AbortSignal.any(ends);
      const over = new Promise<void>((resolve) => {
        if (until.aborted) resolve();
        until.addEventListener("abort", () => resolve(), { once: true });
      });
      const known = seen.get(targetKey(target));
      const watched = known ? [known.workload, ...(known.pods ? [known.pods] : [])] : [];
      await Promise.race([over, ...watched.map((one) => nextChange(api, one, until))]);
      stop.abort();
    },

    serverVersion() {
      return api.version();
    },

    objects: createObjects(api),
  };
}

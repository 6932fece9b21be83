import type { Pod } from "../cluster/controllers/objects.ts";
import { isTerminating } from "../cluster/controllers/pod-readiness.ts";
import type { Store } from "../cluster/store.ts";
import type { Models, Version } from "./models.ts";

/**
 * The version that the API answers with: each pod has loaded what was in force when it started, and the oldest one
 * still answers. Where no pods are to be seen, what is in force.
 */
export function servedVersion(
  store: Pick<Store, "list">,
  namespace: string,
  models: Pick<Models, "at">,
): Version {
  const pods = store.list(
    "pods",
    namespace,
    (pod) => pod.metadata.labels?.["app"] === "api" && !isTerminating(pod as Pod),
  );
  const [oldest = ""] = pods.map(({ metadata }) => metadata.creationTimestamp ?? "").toSorted();
  return models.at(oldest === "" ? new Date() : new Date(oldest));
}

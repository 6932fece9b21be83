import { child, items } from "../cluster/fields.ts";
import type { KubeObject } from "../cluster/object.ts";
import type { Store } from "../cluster/store.ts";
import { type Models, outcomes } from "./models.ts";

/** Jobs that train a model, as their arguments say. */
function trains(job: KubeObject): boolean {
  const pod = child(child(child(job, "spec"), "template"), "spec");
  return items(pod, "containers").some((container) =>
    /retrain/.test([container["command"], container["args"]].flat().join(" ")),
  );
}

function isComplete(job: KubeObject): boolean {
  return items(child(job, "status"), "conditions").some(
    ({ type, status }) => type === "Complete" && status === "True",
  );
}

/** Registers the versions of Jobs that have trained one since it was last called. */
export function createTrained(
  store: Pick<Store, "list">,
  namespace: string,
  models: Pick<Models, "register">,
): () => void {
  const known = new Set<string | undefined>();
  return () => {
    for (const job of store.list("jobs", namespace)) {
      const { uid } = job.metadata;
      if (known.has(uid) || !trains(job) || !isComplete(job)) continue;
      known.add(uid);
      models.register(outcomes.good);
    }
  };
}

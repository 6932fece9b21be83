import type { Pod } from "../controllers/objects.ts";
import { isReady, isTerminating } from "../controllers/pod-readiness.ts";
import type { Store } from "../store.ts";
import { fateOf } from "./fates.ts";
import type { Program } from "./program.ts";

/** Whether the API that a program tests is out of order in the pod's namespace, so that the test fails. */
export function troubleOf(store: Store, pod: Pod, program: Pick<Program, "tests">): boolean {
  if (program.tests !== "api") return false;
  const isApi = (one: Pod): boolean => one.metadata.labels?.["app"] === "api" && !isTerminating(one);
  const api = store.list("pods", pod.metadata.namespace, (one) => isApi(one as Pod)) as Pod[];
  const ready = api.filter(isReady);
  const bad = ready.filter((one) =>
    one.spec.containers.some(({ image }) => ["errors", "slow", "oom"].includes(fateOf(image))),
  );
  return api.length > 0 && (ready.length === 0 || bad.length > 0);
}

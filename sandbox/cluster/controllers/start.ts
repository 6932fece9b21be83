import { createKubelet } from "../kubelet/kubelet.ts";
import { createScheduler } from "../kubelet/scheduler.ts";
import { defaultTiming } from "../kubelet/timing.ts";
import type { Timing } from "../kubelet/timing.ts";
import type { Store } from "../store.ts";
import { kinds } from "../kinds.ts";
import { autoscalerController } from "./autoscaler/autoscaler.ts";
import { runController } from "./controller.ts";
import { daemonSetController } from "./daemon-set.ts";
import { deploymentController } from "./deployment.ts";
import { disruptionController } from "./disruption-budgets.ts";
import { endpointsController } from "./endpoints.ts";
import { garbageCollector } from "./garbage-collector.ts";
import { cronJobController } from "./jobs/cron-job.ts";
import { ingressAddresses } from "./ingress.ts";
import { jobController } from "./jobs/job.ts";
import { namespaceController } from "./namespaces.ts";
import { nodeLifecycleController } from "./node-taints.ts";
import { quotaController } from "./quota.ts";
import { replicaSetController } from "./replica-set.ts";
import { statefulSetController } from "./stateful-set.ts";
import { volumeController } from "./volumes.ts";

export const controllers = {
  "deployment-controller": deploymentController,
  "replicaset-controller": replicaSetController,
  "statefulset-controller": statefulSetController,
  "daemonset-controller": daemonSetController,
  "endpoint-controller": endpointsController,
  "horizontal-pod-autoscaler": autoscalerController,
  "job-controller": jobController,
  "cronjob-controller": cronJobController,
  "namespace-controller": namespaceController,
  disruptioncontroller: disruptionController,
  "node-lifecycle-controller": nodeLifecycleController,
  "resourcequota-controller": quotaController,
  "garbage-collector": garbageCollector,
  "nginx-ingress-controller": ingressAddresses,
  "persistentvolume-controller": volumeController,
};

/**
 * Brings a store to life: controllers, scheduler and kubelets act on every change, and on what is there at the
 * start. Nothing polls; timers do not keep the process alive.
 */
export function startControllers(
  store: Store,
  options: { now: () => Date; timing?: Partial<Timing> },
): { close(): void } {
  const { now } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const running = [
    ...Object.entries(controllers).map(([name, controller]) =>
      runController(name, controller, { store, now, timing }),
    ),
    createScheduler(store, now),
    createKubelet(store, now, timing),
  ];
  const unsubscribe = store.onEvent((plural, event) => {
    if (plural !== "events") for (const one of running) one.observe(plural, event);
  });
  for (const plural of new Set(kinds.map((kind) => kind.plural))) {
    if (plural === "events") continue;
    for (const object of store.list(plural))
      for (const one of running) one.observe(plural, { type: "ADDED", object });
  }
  return {
    close() {
      unsubscribe();
      for (const one of running) one.close();
    },
  };
}

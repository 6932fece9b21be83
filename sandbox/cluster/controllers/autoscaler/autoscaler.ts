import { sameJson, timestamp } from "../../object.ts";
import type { KubeObject } from "../../object.ts";
import type { Controller, Workbench } from "../controller.ts";
import type { LabelSelector, Pod } from "../objects.ts";
import { keyOf, splitKey } from "../ownership.ts";
import { selects } from "../selectors.ts";
import { createJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { measure, Unmeasurable } from "./measure.ts";
import type { Measured } from "./measure.ts";
import type { Autoscaler } from "./objects.ts";

/** Scales workloads so that their pods use what they should, on average, within the autoscaler's bounds. */
export const autoscalerController: Controller = {
  observe(plural, object, add) {
    if (plural === "horizontalpodautoscalers") add(keyOf(object));
  },
  reconcile(bench, key) {
    const autoscaler = bench.store.get("horizontalpodautoscalers", ...splitKey(key)) as
      | Autoscaler
      | undefined;
    if (!autoscaler || !isDue(bench, autoscaler)) return;
    look(bench, autoscaler);
    bench.again(key, bench.timing.autoscaleEvery);
  },
};

/** What the controller remembers between its looks. */
interface Memory {
  /** When it looked last, by uid and spec. */
  looks: Map<string, number>;
  /** What was wanted lately, by uid: a scale-down waits until nobody wanted more for its window. */
  wishes: Map<string, { at: number; replicas: number }[]>;
}

const memories = new WeakMap<Workbench, Memory>();

function memoryOf(bench: Workbench): Memory {
  const memory = memories.get(bench) ?? { looks: new Map(), wishes: new Map() };
  memories.set(bench, memory);
  return memory;
}

/** Its own writes and those of others do not make it look before its time, but for a changed spec. */
function isDue(bench: Workbench, { metadata, spec }: Autoscaler): boolean {
  const { looks } = memoryOf(bench);
  const key = `${metadata.uid} ${JSON.stringify(spec)}`;
  const now = bench.now().getTime();
  const left = (looks.get(key) ?? 0) + bench.timing.autoscaleEvery - now;
  if (left > 10) {
    bench.again(keyOf({ metadata } as KubeObject), left);
    return false;
  }
  looks.set(key, now);
  return true;
}

type Scalable = KubeObject & { spec: { replicas?: number; selector: LabelSelector } };

const scalable: Record<string, string> = {
  Deployment: "deployments",
  ReplicaSet: "replicasets",
  StatefulSet: "statefulsets",
};

function look(bench: Workbench, autoscaler: Autoscaler): void {
  const { kind, name } = autoscaler.spec.scaleTargetRef;
  const plural = scalable[kind];
  const { namespace } = autoscaler.metadata;
  const target = plural ? (bench.store.get(plural, namespace, name) as Scalable | undefined) : undefined;
  const journal = createJournal(autoscaler.status?.conditions, bench.now());
  if (!plural || !target) {
    const why = `the HPA controller was unable to get the target's current scale: ${plural ?? kind}.apps "${name}" not found`;
    journal.say("AbleToScale", "False", "FailedGetScale", why);
    bench.record(autoscaler, { type: "Warning", reason: "FailedGetScale", message: why });
    save(bench, autoscaler, journal, { measured: [] });
    return;
  }
  journal.say(
    "AbleToScale",
    "True",
    "SucceededGetScale",
    "the HPA controller was able to get the target's current scale",
  );
  const current = target.spec.replicas ?? 1;
  if (current === 0) {
    const why = "scaling is disabled since the replica count of the target is zero";
    journal.say("ScalingActive", "False", "ScalingDisabled", why);
    save(bench, autoscaler, journal, { measured: [], current });
    return;
  }
  const bounded = withinBounds(autoscaler, current);
  if (bounded !== undefined) {
    const { desired, reason } = bounded;
    rescale(bench, autoscaler, { plural, target, desired, reason, journal });
    save(bench, autoscaler, journal, { measured: [], current, desired, scaled: true });
    return;
  }
  const measured = measureAll(bench, autoscaler, { target, current, journal });
  if (measured.length === 0) {
    save(bench, autoscaler, journal, { measured, current });
    return;
  }
  const desired = decide(bench, autoscaler, { measured, current, journal });
  const reason = desired > current ? `${leader(measured)!.what} above target` : "All metrics below target";
  if (desired !== current) rescale(bench, autoscaler, { plural, target, desired, reason, journal });
  save(bench, autoscaler, journal, { measured, current, desired, scaled: desired !== current });
}

/** Outside its bounds nothing is measured first. */
function withinBounds(
  { spec }: Autoscaler,
  current: number,
): { desired: number; reason: string } | undefined {
  const { minReplicas = 1, maxReplicas } = spec;
  if (current > maxReplicas)
    return { desired: maxReplicas, reason: "Current number of replicas above Spec.MaxReplicas" };
  if (current < minReplicas)
    return { desired: minReplicas, reason: "Current number of replicas below Spec.MinReplicas" };
  return undefined;
}

function measureAll(
  bench: Workbench,
  autoscaler: Autoscaler,
  { target, current, journal }: { target: Scalable; current: number; journal: Journal },
): Measured[] {
  const isCounted = ({ metadata }: KubeObject): boolean => selects(target.spec.selector, metadata.labels);
  const pods = bench.store.list("pods", target.metadata.namespace, isCounted) as Pod[];
  const metrics = autoscaler.spec.metrics ?? [];
  const measured: Measured[] = [];
  const problems: string[] = [];
  for (const metric of metrics) {
    try {
      measured.push(measure(bench, metric, pods, current));
    } catch (error) {
      if (!(error instanceof Unmeasurable)) throw error;
      problems.push(error.message);
      const name = metric.resource?.name ?? metric.type;
      bench.record(autoscaler, {
        type: "Warning",
        reason: "FailedGetResourceMetric",
        message: error.message,
      });
      if (problems.length === 1 && measured.length === 0) {
        journal.say(
          "ScalingActive",
          "False",
          "FailedGetResourceMetric",
          `the HPA was unable to compute the replica count: ${error.message}`,
        );
        const first = `failed to get ${name} resource metric value: ${error.message}`;
        const message = `invalid metrics (${metrics.length} invalid out of ${metrics.length}), first error is: ${first}`;
        bench.record(autoscaler, { type: "Warning", reason: "FailedComputeMetricsReplicas", message });
      }
    }
  }
  const leading = leader(measured);
  if (leading) {
    const message = `the HPA was able to successfully calculate a replica count from ${leading.what}`;
    journal.say("ScalingActive", "True", "ValidMetricFound", message);
  }
  return measured;
}

/** The metric that asks for the most pods has its way. */
function leader(measured: Measured[]): Measured | undefined {
  return measured.toSorted((a, b) => b.replicas - a.replicas)[0];
}

function stabilized(bench: Workbench, autoscaler: Autoscaler, wanted: number): number {
  const { wishes } = memoryOf(bench);
  const now = bench.now().getTime();
  const window = (autoscaler.spec.behavior?.scaleDown?.stabilizationWindowSeconds ?? 300) * 1000;
  const uid = autoscaler.metadata.uid ?? "";
  const recent = (wishes.get(uid) ?? []).filter(({ at }) => now - at < window);
  wishes.set(uid, [...recent, { at: now, replicas: wanted }]);
  return Math.max(wanted, ...recent.map(({ replicas }) => replicas));
}

function decide(
  bench: Workbench,
  autoscaler: Autoscaler,
  { measured, current, journal }: { measured: Measured[]; current: number; journal: Journal },
): number {
  const { minReplicas = 1, maxReplicas } = autoscaler.spec;
  const wanted = leader(measured)!.replicas;
  // Before the first look nobody wanted anything: the present count stands for it, so that nothing shrinks at once.
  const steady = wanted < current ? Math.min(current, stabilized(bench, autoscaler, wanted)) : wanted;
  if (wanted >= current) stabilized(bench, autoscaler, wanted);
  if (steady > wanted) {
    const why =
      "recent recommendations were higher than current one, applying the highest recent recommendation";
    journal.say("AbleToScale", "True", "ScaleDownStabilized", why);
  } else {
    const why = "recommended size matches current size";
    journal.say("AbleToScale", "True", "ReadyForNewScale", why);
  }
  if (steady > maxReplicas) {
    const why = "the desired replica count is more than the maximum replica count";
    journal.say("ScalingLimited", "True", "TooManyReplicas", why);
    return maxReplicas;
  }
  if (steady < minReplicas) {
    const why = "the desired replica count is less than the minimum replica count";
    journal.say("ScalingLimited", "True", "TooFewReplicas", why);
    return minReplicas;
  }
  journal.say(
    "ScalingLimited",
    "False",
    "DesiredWithinRange",
    "the desired count is within the acceptable range",
  );
  return steady;
}

function rescale(
  bench: Workbench,
  autoscaler: Autoscaler,
  {
    plural,
    target,
    desired,
    reason,
    journal,
  }: { plural: string; target: Scalable; desired: number; reason: string; journal: Journal },
): void {
  const spec = { ...target.spec, replicas: desired };
  bench.store.update(plural, { ...target, spec }, { ...bench.by(), subresource: "scale" });
  const message = `New size: ${desired}; reason: ${reason}`;
  bench.record(autoscaler, { type: "Normal", reason: "SuccessfulRescale", message });
  const said = `the HPA controller was able to update the target scale to ${desired}`;
  journal.say("AbleToScale", "True", "SucceededRescale", said);
}

function save(
  bench: Workbench,
  autoscaler: Autoscaler,
  journal: Journal,
  seen: { measured: Measured[]; current?: number; desired?: number; scaled?: boolean },
): void {
  const { lastScaleTime } = autoscaler.status ?? {};
  const status = {
    conditions: journal.conditions(),
    // An unmeasured metric is written as an empty one.
    currentMetrics: seen.measured.length > 0 ? seen.measured.map((one) => one.status) : [{ type: "" }],
    ...(seen.current !== undefined && { currentReplicas: seen.current }),
    desiredReplicas: seen.desired ?? 0,
    ...(seen.scaled ? { lastScaleTime: timestamp(bench.now()) } : lastScaleTime && { lastScaleTime }),
  };
  if (!sameJson(status, autoscaler.status))
    bench.store.updateStatus("horizontalpodautoscalers", { ...autoscaler, status }, bench.by());
}

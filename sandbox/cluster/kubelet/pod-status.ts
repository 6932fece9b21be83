import { createHash } from "node:crypto";
import { conditionOf } from "../controllers/conditions.ts";
import type { Condition, Container, ContainerStatus, Pod, PodStatus } from "../controllers/objects.ts";
import { timestamp } from "../object.ts";

/** What kubelet has to say of one container. */
export interface ContainerReport {
  state: ContainerStatus["state"];
  lastState?: ContainerStatus["lastState"];
  ready?: boolean;
  started?: boolean;
  restartCount?: number;
}

export interface PodReport {
  phase: "Pending" | "Running" | "Succeeded" | "Failed";
  /** The same for every container, or by the container's name. */
  containers: (container: Container) => ContainerReport;
  /** Set once the pod has a network. */
  podIP?: string;
}

/** The pod's whole status at `now`; conditions keep the time of their last change. */
export function statusOf(pod: Pod, hostIP: string, report: PodReport, now: Date): PodStatus {
  const at = timestamp(now);
  const containerStatuses = pod.spec.containers.map((container) => containerStatus(pod, container, report));
  const unready = containerStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const notReady = unreadiness[report.phase] ?? {
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
  const podIP = report.podIP ?? pod.status?.podIP;
  const condition = (type: string, on: boolean, why: Partial<Condition> = {}): Condition => {
    const before = conditionOf(pod.status?.conditions, type);
    const status = on ? "True" : "False";
    const since = before?.status === status ? (before.lastTransitionTime ?? at) : at;
    return { type, status, lastProbeTime: null, lastTransitionTime: since, ...(on ? {} : why) };
  };
  return {
    ...pod.status,
    phase: report.phase,
    conditions: [
      condition("PodReadyToStartContainers", podIP !== undefined),
      condition("Initialized", true),
      condition("Ready", unready.length === 0, notReady),
      condition("ContainersReady", unready.length === 0, notReady),
      condition("PodScheduled", true),
    ],
    containerStatuses,
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP && { podIP, podIPs: [{ ip: podIP }] }),
    startTime: pod.status?.startTime ?? at,
  };
}

/** What a pod that is over says of its readiness. */
const unreadiness: Partial<Record<PodReport["phase"], Partial<Condition>>> = {
  Succeeded: { reason: "PodCompleted" },
  Failed: { reason: "PodFailed" },
};

function containerStatus(pod: Pod, container: Container, report: PodReport): ContainerStatus {
  const {
    state,
    lastState = {},
    ready = false,
    started = false,
    restartCount = 0,
  } = report.containers(container);
  const created = !state["waiting"] || restartCount > 0;
  const id = containerId(pod, container.name, restartCount);
  return {
    ...(created && { containerID: id }),
    image: container.image,
    imageID: created ? `docker.io/${container.image.split(":")[0]}@sha256:${digest(container.image)}` : "",
    lastState,
    name: container.name,
    ready,
    restartCount,
    started,
    state,
  };
}

export function containerId(pod: Pod, container: string, restart: number): string {
  return `containerd://${digest(`${pod.metadata.uid}/${container}/${restart}`)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

import { timestamp } from "../object.ts";
import type { Node } from "../controllers/objects.ts";
import type { Store } from "../store.ts";

const prefix = "practice-node-";
export const nodeNames = [1, 2, 3].map((number) => `${prefix}${number}`);

export function addressOf(node: string): string {
  return `10.0.0.${10 + Number(node.slice(prefix.length))}`;
}

/** What the runbook demands of a node: 16 CPU cores, 64 GB of memory, 500 GB of SSD; some have GPUs. */
const machine = { cpu: "16", "ephemeral-storage": "500Gi", memory: "64Gi", pods: "110" };
const gpuMachine = { ...machine, "nvidia.com/gpu": "2" };
const gpuNode = "practice-node-3";

const pressures = [
  {
    type: "MemoryPressure",
    reason: "KubeletHasSufficientMemory",
    message: "kubelet has sufficient memory available",
  },
  { type: "DiskPressure", reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure" },
  { type: "PIDPressure", reason: "KubeletHasSufficientPID", message: "kubelet has sufficient PID available" },
];

/** The nodes as they have been since a day, and as their kubelets reported them just now. */
export function practiceNodes(since: Date, now: Date): Node[] {
  return nodeNames.map((name) => nodeNamed(name, since, now));
}

/** One node more than there are, as if a cloud had added it. @returns its name */
export function addNode(store: Store, now: Date): string {
  const taken = store.list("nodes").map(({ metadata }) => Number(metadata.name.slice(prefix.length)));
  const name = `${prefix}${Math.max(0, ...taken.filter(Number.isInteger)) + 1}`;
  store.create("nodes", nodeNamed(name, now, now), { manager: "kubelet", now });
  return name;
}

function nodeNamed(name: string, since: Date, now: Date): Node {
  const times = { lastHeartbeatTime: timestamp(now), lastTransitionTime: timestamp(since) };
  const number = Number(name.slice(prefix.length));
  const size = name === gpuNode ? gpuMachine : machine;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        ...(name === gpuNode && { "nvidia.com/gpu.present": "true" }),
        "topology.kubernetes.io/zone": `zone-${((number - 1) % 3) + 1}`,
      },
    },
    spec: { podCIDR: `10.244.${number - 1}.0/24` },
    status: {
      addresses: [
        { type: "InternalIP", address: addressOf(name) },
        { type: "Hostname", address: name },
      ],
      allocatable: size,
      capacity: size,
      conditions: [
        ...pressures.map((pressure) => ({ ...pressure, status: "False" as const, ...times })),
        {
          type: "Ready",
          status: "True",
          reason: "KubeletReady",
          message: "kubelet is posting ready status",
          ...times,
        },
      ],
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: "containerd://1.7.27",
        kernelVersion: "6.1.0-practice",
        kubeProxyVersion: "",
        kubeletVersion: "v1.32.4",
        machineID: "",
        operatingSystem: "linux",
        osImage: "Practice cluster",
        systemUUID: "",
      },
    },
  };
}

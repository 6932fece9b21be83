import { timestamp } from "../object.ts";
import type { Node } from "../controllers/objects.ts";

export const nodeNames = ["practice-node-1", "practice-node-2", "practice-node-3"] as const;

export function addressOf(node: string): string {
  return `10.0.0.${11 + nodeNames.findIndex((name) => name === node)}`;
}

/** What the runbook demands of a node: 16 CPU cores, 64 GB of memory, 500 GB of SSD. */
const machine = { cpu: "16", "ephemeral-storage": "500Gi", memory: "64Gi", pods: "110" };

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
  const times = { lastHeartbeatTime: timestamp(now), lastTransitionTime: timestamp(since) };
  return nodeNames.map((name, index) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "topology.kubernetes.io/zone": `zone-${index + 1}`,
      },
    },
    spec: { podCIDR: `10.244.${index}.0/24` },
    status: {
      addresses: [
        { type: "InternalIP", address: addressOf(name) },
        { type: "Hostname", address: name },
      ],
      allocatable: machine,
      capacity: machine,
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
  }));
}

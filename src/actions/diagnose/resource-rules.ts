import { fits, type Facts, type Rule } from "./rule.ts";
import type { UsageSeen } from "./seen.ts";
import { counted, percentText } from "./texts.ts";

const high = 0.8;

function ownOver({ seen }: Facts, kind: keyof UsageSeen): UsageSeen[keyof UsageSeen] {
  return (seen.usage?.[kind] ?? []).filter(({ own, share }) => own && share !== null && share >= high);
}

function shares(pods: UsageSeen[keyof UsageSeen], what: string): string[] {
  return pods
    .slice(0, 3)
    .map(({ pod, share }) => `${pod} uses ${percentText(share ?? 0)} of its ${what} limit`);
}

/** What the app's own limits, and the nodes', explain. */
export const resourceRules: readonly Rule[] = [
  {
    id: "out-of-memory",
    fits: fits(0.85, 0.6, 0.2, 1),
    match({ seen }) {
      const pods = (seen.pods?.troubled ?? []).filter(({ own, oomKilled }) => own && oomKilled);
      if (pods.length === 0) return null;
      return {
        what: `${counted(pods.length, "pod")} ran out of memory and ${pods.length === 1 ? "was" : "were"} killed`,
        evidence: pods
          .slice(0, 3)
          .map(({ pod, restarts }) => `${pod}: OOMKilled, ${counted(restarts, "restart")}`),
        weight: 1,
        resolutions: [
          ...(seen.changes?.changes.some(({ own, kind }) => own && kind === "rollout")
            ? [{ do: "rollback" } as const]
            : []),
          { do: "raise-memory" },
          { do: "scale-up" },
        ],
      };
    },
  },
  {
    id: "memory-nearly-used",
    fits: fits(0.5, 0.6, 0.1, 0.85),
    match(facts) {
      const pods = ownOver(facts, "memory");
      if (pods.length === 0) return null;
      return {
        what: "Memory is nearly used up",
        evidence: shares(pods, "memory"),
        weight: Math.min(1, pods[0]?.share ?? high),
        resolutions: [{ do: "raise-memory" }, { do: "scale-up" }, { do: "restart" }],
      };
    },
  },
  {
    id: "cpu-short",
    fits: fits(0.4, 0.9, 0.1, 0.85),
    match(facts) {
      const pods = ownOver(facts, "cpu");
      const throttled = facts.seen.throttling?.share ?? 0;
      if (pods.length === 0 && throttled < 0.25) return null;
      return {
        what: "The app gets less CPU than it wants",
        evidence: [
          ...(throttled >= 0.25 ? [`CPU throttled in ${percentText(throttled)} of its periods`] : []),
          ...shares(pods, "CPU"),
        ],
        weight: throttled >= 0.25 ? 1 : 0.8,
        resolutions: [{ do: "scale-up" }, { do: "raise-cpu" }],
      };
    },
  },
  {
    id: "no-room",
    fits: fits(0.6, 0.6, 0.1, 0.95),
    match({ seen }) {
      const pods = (seen.pods?.troubled ?? []).filter(
        ({ ready, reason }) => !ready && reason === "Unschedulable",
      );
      if (pods.length === 0) return null;
      return {
        what: `${counted(pods.length, "pod")} found no node with room`,
        evidence: pods
          .slice(0, 2)
          .map(({ pod, message }) => `${pod}: ${message ?? "Unschedulable"}`.slice(0, 200)),
        weight: pods.some(({ own }) => own) ? 1 : 0.6,
        resolutions: [{ do: "add-nodes" }],
      };
    },
  },
  {
    id: "node-trouble",
    fits: fits(0.7, 0.7, 0.1, 0.9),
    match({ seen }) {
      const nodes = (seen.nodes?.nodes ?? []).filter(
        ({ ready, pressures }) => !ready || pressures.length > 0,
      );
      if (nodes.length === 0) return null;
      return {
        what: `${nodes.length} of ${counted(seen.nodes?.total ?? nodes.length, "node")} ${nodes.length === 1 ? "is" : "are"} not well`,
        evidence: nodes
          .slice(0, 3)
          .map(
            ({ name, ready, pressures }) =>
              `${name}: ${[...(ready ? [] : ["not ready"]), ...pressures].join(", ")}`,
          ),
        weight: 1,
        resolutions: [{ do: "add-nodes" }],
      };
    },
  },
  {
    id: "nodes-full",
    fits: fits(0.3, 0.5, 0.1, 0.8),
    match({ seen }) {
      const nodes = (seen.nodes?.nodes ?? []).filter(
        ({ cpu, memory }) => (cpu ?? 0) > 0.85 || (memory ?? 0) > 0.85,
      );
      if (nodes.length === 0) return null;
      return {
        what: "Nodes are nearly full",
        evidence: nodes
          .slice(0, 3)
          .map(
            ({ name, cpu, memory }) =>
              `${name}: CPU ${percentText(cpu ?? 0)}, memory ${percentText(memory ?? 0)}`,
          ),
        weight: nodes.length === seen.nodes?.total ? 1 : 0.6,
        resolutions: [{ do: "add-nodes" }],
      };
    },
  },
];

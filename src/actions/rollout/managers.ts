import type { Warning } from "../../domain/plan.ts";
import type { Workload } from "../../engine/ports.ts";
import { labelsOf } from "./metadata.ts";
import { allOwners } from "./field-owners.ts";

/** A system that holds the workload to what it has elsewhere, and so has its own mind about a change made here. */
interface Manager {
  name: string;
  /** Any of these tells it: a label or annotation on the workload, or a field manager that wrote to it. */
  labels: readonly string[];
  annotations: readonly string[];
  fieldManagers: readonly string[];
  happens: string;
  next: string;
}

const managers: readonly Manager[] = [
  {
    name: "Argo CD",
    labels: ["argocd.argoproj.io/instance"],
    annotations: ["argocd.argoproj.io/tracking-id"],
    fieldManagers: ["argocd-controller", "argocd-application-controller"],
    happens: "With automatic sync it puts its own version back within minutes.",
    next: "Turn automatic sync off first, or revert the commit it follows.",
  },
  {
    name: "Flux",
    labels: ["kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"],
    annotations: [],
    fieldManagers: ["kustomize-controller", "helm-controller"],
    happens: "Its next reconciliation puts its own version back.",
    next: "Suspend it first (`flux suspend`), or revert the commit it follows.",
  },
  {
    name: "Helm",
    labels: [],
    annotations: ["meta.helm.sh/release-name"],
    fieldManagers: ["helm", "Helm"],
    happens: "Helm does not learn of this change: its next upgrade starts from the release it knows.",
    next: "Consider `helm rollback`, or tell whoever makes the next release.",
  },
];

type Managed = Pick<Workload, "raw" | "annotations"> & { target: { name: string } };

function manages({ labels, annotations, fieldManagers }: Manager, workload: Managed): boolean {
  const owners = new Set(allOwners(workload.raw).map((owner) => owner.manager));
  const carried = labelsOf(workload.raw);
  return (
    labels.some((label) => label in carried) ||
    annotations.some((annotation) => annotation in workload.annotations) ||
    fieldManagers.some((name) => owners.has(name))
  );
}

/** Flux's Helm releases carry Helm's marks as well; only the outer one acts by itself. */
export function managersOf(workload: Managed): { name: string; warning: Warning }[] {
  const found = managers.filter((manager) => manages(manager, workload));
  const outermost = found.some(({ name }) => name !== "Helm")
    ? found.filter(({ name }) => name !== "Helm")
    : found;
  return outermost.map(({ name, happens, next }) => ({
    name,
    warning: { level: "warn", text: `${name} manages ${workload.target.name}. ${happens}`, next },
  }));
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** `kubectl apply` compares with what it applied last, which a change of the template does not touch. */
export function lastAppliedWarnings(workload: Workload): Warning[] {
  if (!(lastApplied in workload.annotations)) return [];
  return [
    {
      level: "warn",
      text: `${workload.target.name} was made with \`kubectl apply\`: the next apply brings back what its file says.`,
      next: "Correct the file as well.",
    },
  ];
}

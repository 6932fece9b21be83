import type { Container, Pod } from "../controllers/objects.ts";
import { amountOf } from "../admission/amounts.ts";
import { fateOf } from "../kubelet/fates.ts";
import { programOf } from "../kubelet/programs.ts";

export interface Usage {
  /** Cores. */
  cpu: number;
  memoryBytes: number;
}

const mebi = 2 ** 20;

/** What the pretended programs use, by their images; the apps' figures are those of the sandbox's Prometheus. */
const profiles: { image: RegExp; cpu: number; mebibytes: number }[] = [
  { image: /credit-risk-ai|mlflow/, cpu: 0.35, mebibytes: 900 },
  { image: /postgres/, cpu: 0.42, mebibytes: 2100 },
  { image: /redis/, cpu: 0.06, mebibytes: 180 },
  { image: /node-exporter/, cpu: 0.012, mebibytes: 24 },
  { image: /prometheus/, cpu: 0.21, mebibytes: 1400 },
];
const small = { cpu: 0.005, mebibytes: 32 };
const working = { cpu: 0.8, mebibytes: 600 };

/** Says how much a pod's container uses in place of what its image would: quantities, as in a request. */
export const usageAnnotations = { cpu: "practice/cpu", memory: "practice/memory" };

/** What a running container uses at a moment; undefined while it does not run. */
export function containerUsage(pod: Pod, container: Container, now: Date): Usage | undefined {
  const status = pod.status?.containerStatuses?.find(({ name }) => name === container.name);
  const startedAt = status?.state["running"]?.["startedAt"];
  if (typeof startedAt !== "string") return undefined;
  const { cpu, mebibytes } = profileOf(pod, container);
  const said = pod.metadata.annotations ?? {};
  const wobble =
    1 + 0.04 * Math.sin(now.getTime() / 10_000 + seedOf(`${pod.metadata.uid}/${container.name}`));
  const fate = fateOf(container.image);
  const load = cpu + (fate === "slow" ? 0.5 : 0);
  const upSeconds = (now.getTime() - Date.parse(startedAt)) / 1000;
  const memory = fate === "oom" ? filling(container, mebibytes * mebi, upSeconds) : mebibytes * mebi * wobble;
  return {
    cpu: usageAnnotations.cpu in said ? amountOf(said[usageAnnotations.cpu]) : load * wobble,
    memoryBytes: usageAnnotations.memory in said ? amountOf(said[usageAnnotations.memory]) : memory,
  };
}

function profileOf(pod: Pod, container: Container): { cpu: number; mebibytes: number } {
  const ends = (pod.spec.restartPolicy ?? "Always") !== "Always";
  if (ends) return programOf(container).seconds > 2 ? working : small;
  return profiles.find(({ image }) => image.test(container.image)) ?? small;
}

/** Memory of a program with a leak: within seconds close to its limit. */
function filling(container: Container, start: number, upSeconds: number): number {
  const limit = amountOf(container.resources?.limits?.["memory"] ?? "4Gi");
  return Math.min(limit * 0.99, start + upSeconds * 0.12 * limit);
}

function seedOf(text: string): number {
  let seed = 0;
  for (const letter of text) seed = (seed * 31 + letter.charCodeAt(0)) % 6283;
  return seed / 1000;
}

export function podUsage(pod: Pod, now: Date): Usage {
  const all = pod.spec.containers.map((container) => containerUsage(pod, container, now));
  return all.reduce<Usage>(
    (sum, one) => ({
      cpu: sum.cpu + (one?.cpu ?? 0),
      memoryBytes: sum.memoryBytes + (one?.memoryBytes ?? 0),
    }),
    { cpu: 0, memoryBytes: 0 },
  );
}

import { digest } from "./hash.ts";

/** Fields whose Go type is a map: Kubernetes takes an empty one and an absent one for the same. */
const maps = new Set([
  "labels",
  "annotations",
  "nodeSelector",
  "matchLabels",
  "limits",
  "requests",
  "overhead",
  "resources",
  "metadata",
]);

function isEmpty(key: string, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return maps.has(key) && typeof value === "object" && Object.keys(value).length === 0;
}

function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.entries(value)
    .map(([key, field]) => [key, normalize(field)] as const)
    .filter(([key, field]) => !isEmpty(key, field));
  return Object.fromEntries(fields);
}

/**
 * A raw pod template without what does not tell two of them apart: the controller's `pod-template-hash` label,
 * strategic patch directives, and nothing written as null or empty. `kubectl rollout undo` compares this way.
 */
export function comparableTemplate<Template extends Readonly<Record<string, unknown>>>(
  template: Template,
): Template {
  const { $patch: _, ...rest } = template;
  const metadata = (rest["metadata"] ?? {}) as Record<string, unknown>;
  const { "pod-template-hash": __, ...labels } = (metadata["labels"] ?? {}) as Record<string, unknown>;
  return normalize({ ...rest, metadata: { ...metadata, labels } }) as Template;
}

/** What revision health is recorded by: a renumbered revision has the same digest. */
export function templateDigest(template: Readonly<Record<string, unknown>>): string {
  return digest(comparableTemplate(template));
}

export function sameTemplate(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): boolean {
  return templateDigest(a) === templateDigest(b);
}

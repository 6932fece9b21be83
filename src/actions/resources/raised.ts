import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { cpuText, memoryText, quantityOf } from "../../domain/quantity.ts";
import type { Json, JsonObject } from "../../engine/ports.ts";
import type { Container } from "./pod-resources.ts";

/** What of a container is limited here. */
export const limited = ["cpu", "memory"] as const;
export type Limited = (typeof limited)[number];

/** What the undo of a first limit puts back. */
export const noLimit = "none";

const texts: Readonly<Record<Limited, (amount: number) => string>> = { cpu: cpuText, memory: memoryText };

/** A wish as the limit it comes to: an amount, `+50%` of the present limit, or `none`. null: it is to stay as it is. */
export function limitFrom(wish: Json, kind: Limited, { name, resources }: Container): string | null {
  if (wish === null || wish === "") return null;
  const text = typeof wish === "string" ? wish : JSON.stringify(wish);
  if (text === noLimit) return noLimit;
  const [, percent] = /^\+(\d{1,4})%$/.exec(text) ?? [];
  if (percent === undefined) {
    if ((quantityOf(text) ?? 0) > 0) return text;
    throw new UserError(`${quoted(text)} is no amount of ${kind}`, {
      why: "Amounts are written as Kubernetes writes them.",
      next: `Use e.g. \`--${kind} ${kind === "cpu" ? "500m" : "4Gi"}\`, or \`--${kind} +50%\` for half as much again.`,
    });
  }
  const present = quantityOf(resources.limits[kind] ?? "") ?? 0;
  if (present === 0)
    throw new UserError(`${name} has no limit of ${kind}`, {
      why: `So there is nothing that ${text} could be added to.`,
      next: `Say how much it may use: \`--${kind} ${kind === "cpu" ? "2" : "4Gi"}\`.`,
    });
  return texts[kind](present * (1 + Number(percent) / 100));
}

export type Limits = Readonly<Partial<Record<Limited, string>>>;

/** Limits as a merge patch has them: null takes one away. */
export function limitsPatch(limits: Limits): JsonObject {
  return Object.fromEntries(
    Object.entries(limits).map(([kind, value]) => [kind, value === noLimit ? null : value]),
  );
}

/** The template with other limits of one container, and nothing else changed. */
export function withLimits(template: JsonObject, container: string, limits: Limits): JsonObject {
  const changed = structuredClone(template) as { spec: { containers: (JsonObject & { name: string })[] } };
  for (const each of changed.spec.containers.filter(({ name }) => name === container)) {
    const resources = (each["resources"] ?? {}) as JsonObject;
    const after = { ...(resources["limits"] as JsonObject | undefined), ...limitsPatch(limits) };
    const kept = Object.entries(after).filter(([, value]) => value !== null);
    each["resources"] = { ...resources, limits: Object.fromEntries(kept) };
  }
  return changed;
}

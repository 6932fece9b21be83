import type { JsonObject } from "../../engine/ports.ts";

function texts(value: unknown): Record<string, string> {
  return (value ?? {}) as Record<string, string>;
}

export function labelsOf(raw: JsonObject): Record<string, string> {
  return texts((raw["metadata"] as JsonObject | undefined)?.["labels"]);
}

interface Container {
  name: string;
  image: string;
}

function containersOf(template: JsonObject): Container[] {
  const spec = (template["spec"] ?? {}) as { containers?: { name?: string; image?: string }[] };
  return (spec.containers ?? []).map(({ name = "", image = "" }) => ({ name, image }));
}

/** The image that names the release: of the configured container, else of the first. */
export function imageOf(template: JsonObject, container: string | undefined): string {
  const all = containersOf(template);
  return (all.find(({ name }) => name === container) ?? all[0])?.image ?? "no image";
}

/** `repo/app:v1.2` → `v1.2`; a digest is cut to what tells it apart. */
export function tagOf(image: string): string {
  const [name = "", digest] = image.split("@");
  if (digest !== undefined) return digest.slice(0, 19);
  const last = name.slice(name.lastIndexOf("/") + 1);
  return last.includes(":") ? last.slice(last.indexOf(":") + 1) : last;
}

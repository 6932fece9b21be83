import type { JsonObject } from "../ports.ts";

/** Images of a pod template, in its order. */
export function imagesOf(template: JsonObject): string {
  const containers = ((template["spec"] ?? {}) as JsonObject)["containers"];
  const images = (Array.isArray(containers) ? containers : []).map(
    (container) => (container as JsonObject)["image"],
  );
  return images.filter((image) => typeof image === "string").join(", ") || "?";
}

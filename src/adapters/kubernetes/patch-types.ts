import type { PatchType } from "../../engine/ports.ts";

/** Media types of the patches that are no apply. */
export const patchTypes: Readonly<Record<PatchType, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

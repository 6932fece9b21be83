import { z } from "zod";
import type { Json } from "../engine/ports.ts";
import { defineProbe } from "./diagnose/probe.ts";
import type { ModelSeen } from "./diagnose/seen.ts";

const timeoutMs = 5000;

/** The number at `a.b.c`; null: there is none. */
function numberAt(body: Json, path: string): number | null {
  let value: Json | undefined = body;
  for (const key of path.split(".")) {
    if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, key))
      return null;
    value = value[key];
  }
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** What the app itself says of its model. */
export const probeModel = defineProbe({
  name: "probe-model",
  params: z.strictObject({}),
  title: ({ app }) => `model of ${app.name}`,
  kubectl: ({ app }) => (app.diagnose?.model === undefined ? [] : [`curl -s ${app.diagnose.model.url}`]),

  async look({ app, http }) {
    const wanted = app.diagnose?.model;
    if (wanted === undefined)
      return {
        state: "unknown",
        detail: `Where ${app.name} says how its model does is not configured (apps.${app.name}.diagnose.model in crai.yaml)`,
      };
    const answer = await http.json(wanted.url, timeoutMs);
    if (!answer.ok) return { state: "unknown", detail: `How the model does is not known: ${answer.detail}` };
    const missing: string[] = [];
    const seen: ModelSeen["metrics"] = wanted.metrics.flatMap(({ title, path, below, above }) => {
      const value = numberAt(answer.body, path);
      if (value === null) {
        missing.push(`${title}: the answer has no number at ${path}`);
        return [];
      }
      const target = below !== undefined ? `below ${below}` : above === undefined ? "" : `above ${above}`;
      const ok =
        target === ""
          ? null
          : (below === undefined || value < below) && (above === undefined || value > above);
      return [{ title, value, ok, target }];
    });
    if (seen.length === 0) return { state: "unknown", detail: missing.join("; ") };
    return {
      state: "done",
      evidence: [
        ...seen.map(({ title, value, ok, target }) => ({
          what: `${title}: ${value}${target === "" ? "" : ` (target ${target})`}`,
          ok,
        })),
        ...missing.map((what) => ({ what, ok: null })),
      ],
      values: { metrics: seen },
    };
  },
});

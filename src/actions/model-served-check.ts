import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { Json } from "../engine/ports.ts";
import { modelOf, readVersions } from "./model/versions.ts";

const Params = z.strictObject({
  within: Duration.default(60_000).describe("how long the app may take until it serves the version in force"),
});

const timeoutMs = 5000;

/** What stands at `a.b.c`, as text; null: nothing does. */
function textAt(body: Json, path: string): string | null {
  let value: Json | undefined = body;
  for (const key of path.split(".")) {
    if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, key))
      return null;
    value = value[key];
  }
  return typeof value === "string" || typeof value === "number" ? String(value).replace(/^v/, "") : null;
}

/** Whether the app has loaded the version that the registry says is in force: it may go on with an old one. */
export const modelServedCheck = defineAction<z.infer<typeof Params>, { withinMs: number }>({
  name: "model-served-check",
  params: Params,
  permission: "workload:read",

  async plan({ within }, context) {
    const model = modelOf(context);
    return {
      title: `version of ${model.name} that ${context.app.name} serves`,
      calls: [],
      facts: [],
      diff: null,
      kubectl: model.served === undefined ? [] : [`curl -s ${model.served.url}`],
      warnings: [],
      fingerprint: digest([model.name, within]),
      inverse: null,
      state: { withinMs: within },
    };
  },

  async observe({ withinMs }, context, since) {
    const { app, http, registry, now } = context;
    const model = modelOf(context);
    if (model.served === undefined)
      return {
        state: "unknown",
        detail: `Which version ${app.name} serves is not known: crai.yaml has no \`apps.${app.name}.model.served\``,
      };
    const [{ current }, answer] = await Promise.all([
      readVersions(model, registry),
      http.json(model.served.url, timeoutMs),
    ]);
    const served = answer.ok ? textAt(answer.body, model.served.path) : null;
    const waits = now().getTime() - since.getTime() < withinMs;
    if (served === null) {
      const why = answer.ok ? `its answer has nothing at ${model.served.path}` : answer.detail;
      const detail = `Which version ${app.name} serves is not known: ${why}`;
      return waits ? { state: "pending", detail } : { state: "unknown", detail };
    }
    const values = { served, inForce: current };
    if (served === String(current))
      return {
        state: "done",
        evidence: [{ what: `${app.name} serves version ${served} of ${model.name}`, ok: true }],
        values,
      };
    const detail = `${app.name} still serves version ${served} of ${model.name}; version ${current ?? "none"} is in force`;
    if (waits) return { state: "pending", detail };
    const next = `restart ${app.name} so that it loads it`;
    return {
      state: "failed",
      detail: `${detail} after ${formatDuration(withinMs)}: ${next}`,
      evidence: [{ what: detail, ok: false }],
      values,
    };
  },
});

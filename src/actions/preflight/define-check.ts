import type { z } from "zod";
import { digest } from "../../domain/hash.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import type { Evidence } from "../../domain/timeline.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import { type Action, defineAction, type EnvironmentContext } from "../../engine/playbooks/action.ts";
import type { Json, JsonObject, Objects, ObjectsOf } from "../../engine/ports.ts";
import { ofEnvironment } from "../namespace/of-environment.ts";

/** What is not settled by a bad finding is left to people when any of it could not be seen. */
export interface Check<Params> {
  name: string;
  params: z.ZodType<Params>;
  title(params: Params): string;
  calls(params: Params, context: EnvironmentContext): Omit<ResourceCall, "cluster">[];
  /** `ok` null: crai cannot tell. */
  look(params: Params, context: EnvironmentContext): Promise<Evidence[] | Found>;
  picture?: Action["picture"];
}

/** What it found, and its data for later steps and for the picture. */
interface Found {
  evidence: Evidence[];
  values: Json;
}

/** One look at one demand on an environment. It is never guessed: what may not be seen is unknown. */
export function defineCheck<Params extends Json>(check: Check<Params>): Action {
  return defineAction<Params, Params, "environment">({
    name: check.name,
    scope: "environment",
    params: check.params,
    permission: "workload:read",

    async plan(params, context) {
      const cluster = context.clusterName;
      return {
        title: check.title(params),
        calls: check.calls(params, context).map((call) => ({ cluster, ...call })),
        facts: [],
        diff: null,
        kubectl: [],
        warnings: [],
        fingerprint: digest([check.name, params]),
        inverse: null,
        ...ofEnvironment(context),
        state: params,
      };
    },

    async observe(params, context) {
      try {
        const found = await check.look(params, context);
        if (Array.isArray(found)) return settle(found);
        return { ...settle(found.evidence), values: found.values };
      } catch (error) {
        // A right that is not given, or a kind that this cluster does not have.
        if (!isRefusal(error, "forbidden", "not-found")) throw error;
        return { state: "unknown", detail: `${error.message}: ${error.why}` };
      }
    },
    ...(check.picture !== undefined && { picture: check.picture }),
  });
}

function settle(evidence: Evidence[]) {
  const named = (ok: boolean | null): string =>
    evidence
      .filter((one) => one.ok === ok)
      .map(({ what }) => what)
      .join("; ");
  if (evidence.some(({ ok }) => ok === false))
    return { state: "failed" as const, detail: named(false), evidence };
  if (evidence.length === 0) return { state: "unknown" as const, detail: "There is nothing to look at" };
  if (evidence.some(({ ok }) => ok === null)) return { state: "unknown" as const, detail: named(null) };
  return { state: "done" as const, evidence };
}

/** All objects of a kind; those of a check are few. */
export async function all(objects: Objects, of: ObjectsOf): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const object of objects.list(of)) found.push(object);
  return found;
}

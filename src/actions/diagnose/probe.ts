import type { z } from "zod";
import { digest } from "../../domain/hash.ts";
import { isRefusal } from "../../engine/cluster-refusal.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import {
  type Action,
  type ActionContext,
  defineAction,
  type Observation,
} from "../../engine/playbooks/action.ts";
import type { Json } from "../../engine/ports.ts";

interface Probe<Params extends Json> {
  name: string;
  params: z.ZodType<Params>;
  title(context: ActionContext): string;
  /** What it asks of the cluster, as rights are asked for. */
  calls?(context: ActionContext): Omit<ResourceCall, "cluster">[];
  /** What shows the same without crai. */
  kubectl?(context: ActionContext): string[];
  look(context: ActionContext, params: Params): Promise<Observation>;
}

/**
 * A look at one side of the trouble: it decides nothing and changes nothing. What the actor may not see, and what is not
 * there, ends as unknown with the reason, so that the others still count.
 */
export function defineProbe<Params extends Json>(probe: Probe<Params>): Action {
  const { name, params } = probe;
  return defineAction<Params, Params>({
    name,
    params,
    permission: "workload:read",
    async plan(given, context) {
      const calls = (probe.calls?.(context) ?? []).map((call) => ({
        cluster: context.target.cluster,
        ...call,
      }));
      return {
        title: probe.title(context),
        calls,
        facts: [],
        diff: null,
        kubectl: probe.kubectl?.(context) ?? [],
        warnings: [],
        fingerprint: digest([name, given]),
        inverse: null,
        state: given,
      };
    },
    async observe(state, context) {
      try {
        return await probe.look(context, state);
      } catch (error) {
        // In short: it is one line among what others have seen.
        if (isRefusal(error, "forbidden")) return { state: "unknown", detail: error.message };
        throw error;
      }
    },
  });
}

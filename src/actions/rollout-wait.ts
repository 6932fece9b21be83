import { z } from "zod";
import { Duration } from "../domain/deadline.ts";
import { digest } from "../domain/hash.ts";
import { templateDigest } from "../domain/pod-template.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import type { Workload } from "../engine/ports.ts";
import { onPods, onRevisions, onWorkload } from "./rollout/calls.ts";
import { rolloutLine } from "./rollout/kubectl.ts";
import { type Awaited, lookAtRollout } from "./rollout/look.ts";
import { LeavesTemplate } from "./rollout/write-template.ts";

const Params = z.strictObject({
  stuckAfter: Duration.default(60_000).describe(
    "a pod broken for so long is taken for stuck, before the Deployment's own progress deadline says so",
  ),
});

/** What the steps before leave on this target; without one, what runs now. */
function expectedTemplates(workload: Workload, { before, target }: ActionContext): string[] {
  const key = digest(target);
  for (const step of before.toReversed()) {
    const left = LeavesTemplate.safeParse(step.state);
    if (left.success && step.targets.some((other) => digest(other) === key)) return left.data.leaves;
  }
  return [templateDigest(workload.template)];
}

/** `kubectl rollout status`, until it is done, has failed, is stuck or is about something else by now. */
export const rolloutWait = defineAction<z.infer<typeof Params>, Awaited>({
  name: "rollout-wait",
  params: Params,
  permission: "workload:read",

  async plan({ stuckAfter }, context) {
    const { cluster, target } = context;
    const workload = await cluster.workload(target);
    const templates = expectedTemplates(workload, context);
    return {
      title: `wait until ${target.name} is rolled out`,
      calls: [...onWorkload(target, ["get"]), ...onPods(target), ...onRevisions(target)],
      facts: [],
      diff: null,
      kubectl: [rolloutLine(target, "status")],
      warnings: [],
      fingerprint: digest([workload.uid]),
      inverse: null,
      state: { uid: workload.uid, templates, stuckAfterMs: stuckAfter },
    };
  },

  watches: (_, { target }) => [target],

  observe(state, context) {
    return lookAtRollout(context.target, state, context.environment.container, context);
  },
});

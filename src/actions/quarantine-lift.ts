import { z } from "zod";
import { PlanDrifted } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { onPolicies, policyDigest, policyName, policyRef, uidOf } from "./contain/policy.ts";

const Params = z.strictObject({
  stored: z.string().describe("digest of what the NetworkPolicy said when crai made it"),
});

type LiftState = { stored: string; uid: string | null };

/** Removes exactly the NetworkPolicy that `quarantine` made, and no other. It is the inverse that it records. */
export const quarantineLift = defineAction<z.infer<typeof Params>, LiftState>({
  name: "quarantine-lift",
  params: Params,
  permission: "app:contain",

  async plan({ stored }, { cluster, target, app }) {
    const there = await cluster.objects.get(policyRef(target));
    const name = policyName(target);
    const block =
      there === null
        ? `There is nothing to do: ${app.name} is not isolated.`
        : policyDigest(there) === stored
          ? null
          : `${name} was changed since crai made it.`;
    return {
      title: `End the isolation of ${target.name}`,
      calls: onPolicies(target, ["get", "delete"]),
      facts: [{ label: "Removes", value: `NetworkPolicy ${name}` }],
      diff: null,
      kubectl: [`kubectl delete networkpolicy ${name} -n ${target.namespace}`],
      warnings:
        block === null
          ? []
          : [
              {
                level: "block",
                text: block,
                next: `Look at it: \`kubectl get networkpolicy ${name} -n ${target.namespace} -o yaml\`.`,
              },
            ],
      fingerprint: digest([there === null ? null : uidOf(there), stored]),
      inverse: null,
      state: { stored, uid: there === null ? null : uidOf(there) },
    };
  },

  async apply({ uid, stored }, { cluster, target }) {
    const there = await cluster.objects.get(policyRef(target));
    if (there === null || uid === null) return;
    if (uidOf(there) !== uid || policyDigest(there) !== stored)
      throw new PlanDrifted(`${policyName(target)} was changed since it was planned`);
    await cluster.objects.remove(policyRef(target), uid);
  },

  async observe({ uid }, { cluster, target }) {
    const there = await cluster.objects.get(policyRef(target));
    if (there !== null && uidOf(there) === uid)
      return { state: "pending", detail: `${policyName(target)} is still there` };
    if (there !== null) return { state: "diverged", detail: `${policyName(target)} was made anew` };
    return { state: "done", evidence: [{ what: `${policyName(target)} is gone`, ok: true }] };
  },
});

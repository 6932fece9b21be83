import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { isUserError, UserError } from "../domain/errors.ts";
import type { Warning } from "../domain/plan.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import type { JsonObject, Workload } from "../engine/ports.ts";
import { ListedPolicy, onPolicies, policyDigest, policyName, policyRef } from "./contain/policy.ts";
import { Selector, selects } from "./preflight/selector.ts";
import { onWorkload } from "./rollout/calls.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({});

type QuarantineState = { uid: string; policy: JsonObject; stored: string; pods: number };

const Spec = z.object({
  selector: z.record(z.string(), z.json()),
  template: z.object({
    metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }).prefault({}),
    spec: z.object({ hostNetwork: z.boolean().default(false) }).prefault({}),
  }),
});

function policyFor({ raw, target }: Workload, { settings }: ActionContext): JsonObject {
  const { ingress = [], egress = [] } = settings.emergency?.quarantine ?? {};
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: {
      name: policyName(target),
      namespace: target.namespace,
      labels: { "app.kubernetes.io/managed-by": "crai" },
    },
    spec: {
      podSelector: Spec.parse(raw["spec"]).selector,
      policyTypes: ["Ingress", "Egress"],
      ingress,
      egress,
    },
  };
}

/** NetworkPolicies add up: what another one lets through, this one does not take away. */
async function otherPolicies({ cluster, target }: ActionContext, labels: Record<string, string>) {
  const through: string[] = [];
  const { name: _, ...of } = policyRef(target);
  try {
    for await (const raw of cluster.objects.list(of)) {
      const { metadata, spec } = ListedPolicy.parse(raw);
      const selector = Selector.safeParse(spec.podSelector);
      const lets = (spec.ingress ?? []).length + (spec.egress ?? []).length > 0;
      if (
        lets &&
        metadata.name !== policyName(target) &&
        (!selector.success || selects(selector.data, labels))
      )
        through.push(metadata.name);
    }
    return through;
  } catch (error) {
    if (!isRefusal(error, "forbidden")) throw error;
    return null;
  }
}

/** What keeps a NetworkPolicy from isolating anything. */
function doubts(through: string[] | null, hostNetwork: boolean, { settings }: ActionContext): Warning[] {
  const warnings: Warning[] = [];
  if (settings.emergency?.quarantine?.enforced !== true)
    warnings.push({
      level: "warn",
      text: "Whether the cluster's network plugin enforces NetworkPolicies cannot be seen in the API; some do not (flannel alone, for one), and then nothing is isolated.",
      next: "Try it once, and say so in crai.yaml: `emergency.quarantine.enforced: true`. Otherwise `suspend` is what stops the app.",
    });
  if (through === null)
    warnings.push({
      level: "warn",
      text: "You may not list NetworkPolicies: whether another one still lets something through is not known.",
    });
  else if (through.length > 0)
    warnings.push({
      level: "warn",
      text: `NetworkPolicies add up: what ${through.join(", ")} ${through.length === 1 ? "lets" : "let"} through stays open.`,
      next: "Narrow or remove them for as long as it is isolated.",
    });
  if (hostNetwork)
    warnings.push({
      level: "warn",
      text: "Its pods use the network of their nodes, which no NetworkPolicy isolates.",
      next: "`suspend` stops it.",
    });
  return warnings;
}

/** As the API server would store it, defaults included. */
async function storedForm(policy: JsonObject, { cluster, target, actor }: ActionContext) {
  const warnings: Warning[] = [];
  if (actor.kind !== "person") return { stored: policyDigest(withUid(policy)), warnings };
  const { name: _, ...of } = policyRef(target);
  try {
    const made = await cluster.objects.create(of, policy, { fieldManager, dryRun: true });
    return { stored: policyDigest(made), warnings };
  } catch (error) {
    if (!isUserError(error)) throw error;
    // A missing right is said by the preflight, in its own words.
    if (!isRefusal(error, "forbidden"))
      warnings.push({ level: "block", text: `${error.message} ${error.why}`, next: error.next });
    return { stored: policyDigest(withUid(policy)), warnings };
  }
}

function withUid(policy: JsonObject): JsonObject {
  return { ...policy, metadata: { ...(policy["metadata"] as JsonObject), uid: "" } };
}

/** Isolates the pods of an app by a NetworkPolicy that lets nothing through but what crai.yaml says. */
export const quarantine = defineAction<z.infer<typeof Params>, QuarantineState>({
  name: "quarantine",
  params: Params,
  permission: "app:contain",

  async plan(_, context) {
    const { cluster, target, app } = context;
    const workload = await cluster.workload(target);
    const there = await cluster.objects.get(policyRef(target));
    if (there !== null)
      throw new UserError(`${app.name} is isolated already.`, {
        why: `The NetworkPolicy ${policyName(target)} is there.`,
        next: "Undo the run that isolated it, or delete the NetworkPolicy.",
      });
    const { template } = Spec.parse(workload.raw["spec"]);
    const policy = policyFor(workload, context);
    const through = await otherPolicies(context, template.metadata.labels);
    const { stored, warnings } = await storedForm(policy, context);
    const { ingress = [], egress = [] } = settingsOf(context);
    return {
      title: `Isolate ${target.name}`,
      calls: [...onWorkload(target, ["get"]), ...onPolicies(target, ["get", "create", "delete"])],
      facts: [
        {
          label: "Isolates",
          value: `${workload.replicas} pods of ${target.name}; they run on, for evidence`,
        },
        {
          label: "Let through",
          value:
            ingress.length + egress.length === 0
              ? "nothing, in or out; DNS neither"
              : `${ingress.length} rules in, ${egress.length} rules out, as crai.yaml says`,
        },
      ],
      diff: JSON.stringify(policy["spec"], null, 2)
        .split("\n")
        .map((line) => `+${line}`)
        .join("\n"),
      kubectl: [`kubectl apply -n ${target.namespace} -f - <<< '${JSON.stringify(policy)}'`],
      warnings: [
        ...warnings,
        { level: "warn", text: `While it is isolated ${app.name} serves nobody.` },
        ...doubts(through, template.spec.hostNetwork, context),
      ],
      fingerprint: digest([workload.uid, policy]),
      inverse: {
        action: "quarantine-lift",
        title: `End the isolation of ${target.name}`,
        with: { stored },
      },
      state: { uid: workload.uid, policy, stored, pods: workload.replicas },
    };
  },

  async apply({ policy }, { cluster, target }) {
    const { name: _, ...of } = policyRef(target);
    await cluster.objects.create(of, policy, { fieldManager });
  },

  async observe({ stored, pods }, { cluster, target }) {
    const there = await cluster.objects.get(policyRef(target));
    if (there === null) return { state: "pending", detail: "Not isolated yet" };
    if (policyDigest(there) !== stored)
      return { state: "diverged", detail: `${policyName(target)} is there and says something else` };
    return {
      state: "done",
      evidence: [
        { what: `NetworkPolicy ${policyName(target)} selects the ${pods} pods of ${target.name}`, ok: true },
      ],
    };
  },
});

function settingsOf({ settings }: ActionContext): { ingress?: JsonObject[]; egress?: JsonObject[] } {
  return settings.emergency?.quarantine ?? {};
}

import { z } from "zod";
import { isError, PlanDrifted } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { defineAction, type EnvironmentContext } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import { onNode } from "./nodes/calls.ts";
import { demandNode, nodeName, nodeOf, setCordon } from "./nodes/node.ts";
import { type PodOnNode, podsOnNode } from "./nodes/pods-on-node.ts";
import { refusedHalfway } from "../engine/refused-halfway.ts";
import { heldByBudgets } from "./resources/disruption-budgets.ts";

const Params = z.strictObject({
  node: nodeName,
  unmanaged: z.boolean().nullish().describe("also pods that nothing makes anew, as `kubectl drain --force`"),
  emptydir: z
    .boolean()
    .nullish()
    .describe("also pods whose emptyDir is lost, as `kubectl drain --delete-emptydir-data`"),
});
type Params = z.infer<typeof Params>;

type Going = { namespace: string; name: string; uid: string; labels: Record<string, string> };
type DrainState = { node: string; uid: string; pods: Going[] };

/** Pods that a sentence names. */
const mostNamed = 5;

function nameOf({ namespace, name }: Pick<Going, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

/** What `kubectl drain` would refuse without the flag that says yes to it. */
function refusals(pods: readonly PodOnNode[], { unmanaged, emptydir }: Params): Warning[] {
  const named = (only: "unmanaged" | "emptyDir"): string =>
    pods
      .filter(({ fate }) => fate.evicted && fate.only === only)
      .map(nameOf)
      .join(", ");
  const [alone, local] = [named("unmanaged"), named("emptyDir")];
  return [
    ...(alone === ""
      ? []
      : [
          {
            level: unmanaged === true ? ("warn" as const) : ("block" as const),
            text: `Nothing makes these pods anew: ${alone}.`,
            next:
              unmanaged === true
                ? "They are deleted for good."
                : "Add --unmanaged to delete them for good, or move them first.",
          },
        ]),
    ...(local === ""
      ? []
      : [
          {
            level: emptydir === true ? ("warn" as const) : ("block" as const),
            text: `What these pods keep in an emptyDir is lost: ${local}.`,
            next: emptydir === true ? "It is lost for good." : "Add --emptydir if it may be lost.",
          },
        ]),
  ];
}

/** Which disruption budgets would hold pods, in words. */
async function held(pods: readonly PodOnNode[], { cluster }: EnvironmentContext): Promise<string[]> {
  const all = await Promise.all(
    pods.map(async (pod) =>
      ((await heldByBudgets(pod, cluster)) ?? []).map((why) => `${nameOf(pod)}: ${why}`),
    ),
  );
  return [...new Set(all.flat())];
}

async function left({ node, pods }: DrainState, context: EnvironmentContext): Promise<PodOnNode[]> {
  const planned = new Set(pods.map(({ uid }) => uid));
  return (await podsOnNode(context, node)).filter(({ uid }) => planned.has(uid));
}

/** `kubectl drain`: cordons a node and evicts its pods, one budget never broken. */
export const drain = defineAction<Params, DrainState, "cluster">({
  name: "drain",
  scope: "cluster",
  params: Params,
  permission: "node:drain",
  endsPods: true,

  async plan(params, context) {
    const { node } = params;
    const found = await demandNode(context, node);
    const all = await podsOnNode(context, node);
    const going = all.filter(({ fate }) => fate.evicted);
    const staying = all.filter(({ fate }) => !fate.evicted);
    const pods = going.map(({ namespace, name, uid, labels }) => ({ namespace, name, uid, labels }));
    const budgets = await held(going, context);
    const namespaces = [...new Set(pods.map(({ namespace }) => namespace))];
    const cluster = context.clusterName;
    return {
      title: `Drain ${node}`,
      calls: [
        ...onNode(cluster, node, ["get", "patch"]),
        { cluster, verb: "list", group: "", resource: "pods", namespace: null },
        ...namespaces.map((namespace) => ({
          cluster,
          verb: "create" as const,
          group: "",
          resource: "pods",
          subresource: "eviction",
          namespace,
        })),
      ],
      facts: [
        { label: "Evicts", value: pods.length === 0 ? "no pod" : pods.map(nameOf).join(", ") },
        ...(staying.length === 0
          ? []
          : [
              {
                label: "Left alone",
                value: staying
                  .map((pod) => `${nameOf(pod)}${pod.fate.evicted ? "" : ` (${pod.fate.why})`}`)
                  .join(", "),
              },
            ]),
        { label: "Afterwards", value: `${node} stays cordoned until \`uncordon ${node}\`` },
      ],
      diff: null,
      kubectl: [
        `kubectl drain ${node} --ignore-daemonsets${params.unmanaged === true ? " --force" : ""}${params.emptydir === true ? " --delete-emptydir-data" : ""}`,
      ],
      warnings: [
        ...refusals(going, params),
        ...budgets.map((why) => ({
          level: "warn" as const,
          text: `As things are it may not be evicted: ${why}.`,
          next: "It is tried for a minute; scale the app up first.",
        })),
      ],
      // Pods come and go by themselves; which of them are meant is bound by their UIDs.
      fingerprint: digest([found.uid]),
      inverse: found.cordoned ? null : { action: "uncordon", title: `Uncordon ${node}`, with: { node } },
      state: { node, uid: found.uid, pods },
      targets: [],
    };
  },

  async apply(state, context) {
    const found = await nodeOf(context, state.node);
    if (found?.uid !== state.uid) throw new PlanDrifted(`${state.node} was deleted and made again`);
    if (!found.cordoned) await setCordon(context, found, true);
    let wrote = !found.cordoned;
    for (const pod of await left(state, context)) {
      if (pod.deleting) continue;
      try {
        await context.cluster.objects.evict(pod);
        wrote = true;
      } catch (error) {
        // Held by a budget, or gone meanwhile: what is left is seen when looking, and told of then.
        if (isRefusal(error, "blocked", "not-found") || isError(error, "PatchConflict")) continue;
        if (refusedHalfway(wrote, error)) return;
        throw error;
      }
    }
  },

  async observe(state, context) {
    const { node, pods } = state;
    const found = await nodeOf(context, node);
    if (found?.uid !== state.uid) return { state: "diverged", detail: `${node} was deleted and made again` };
    const all = await podsOnNode(context, node);
    const planned = new Set(pods.map(({ uid }) => uid));
    const there = all.filter(({ uid }) => planned.has(uid));
    const staying = there.filter(({ deleting }) => !deleting);
    if (!found.cordoned) return { state: "pending", detail: `${node} is not cordoned yet` };
    if (staying.length > 0) {
      if (context.inHand?.acted() !== true) return { state: "pending", detail: "Not evicted yet" };
      const why = await held(staying, context);
      const rest = why.length === 0 ? staying.map(nameOf) : why;
      return {
        state: "failed",
        detail: `${pods.length - there.length} of ${pods.length} pods left ${node}, which is cordoned; not evicted: ${rest.join("; ")}`,
        evidence: staying.map((pod) => ({ what: `${nameOf(pod)} is still on ${node}`, ok: false })),
      };
    }
    if (there.length > 0) return { state: "pending", detail: `${there.length} pods are stopping` };
    const came = all.filter(({ fate, deleting }) => fate.evicted && !deleting);
    if (came.length > 0) {
      const more = came.length > mostNamed ? ` and ${came.length - mostNamed} more` : "";
      const names = `${came.slice(0, mostNamed).map(nameOf).join(", ")}${more}`;
      return {
        state: "failed",
        detail: `${node} is cordoned, but not empty: ${names} came after this was planned; plan the drain again`,
        evidence: [{ what: `${pods.length} planned pods have left ${node}`, ok: true }],
      };
    }
    return {
      state: "done",
      evidence: [{ what: `${node} is cordoned and ${pods.length} pods have left it`, ok: true }],
    };
  },
});

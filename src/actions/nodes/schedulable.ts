import { z } from "zod";
import { PlanDrifted } from "../../domain/errors.ts";
import { digest } from "../../domain/hash.ts";
import { type Action, defineAction } from "../../engine/playbooks/action.ts";
import { onNode } from "./calls.ts";
import { demandNode, nodeName, nodeOf, setCordon } from "./node.ts";

const Params = z.strictObject({ node: nodeName });

/** Whether the scheduler may put pods on a node; the two directions are each other's undo. */
export function schedulable(name: "cordon" | "uncordon"): Action {
  const cordoned = name === "cordon";
  const other = cordoned ? "uncordon" : "cordon";
  const verb = cordoned ? "Cordon" : "Uncordon";
  return defineAction<z.infer<typeof Params>, { node: string; uid: string }, "cluster">({
    name,
    scope: "cluster",
    params: Params,
    permission: "node:drain",

    async plan({ node }, context) {
      const found = await demandNode(context, node);
      const already = found.cordoned === cordoned;
      return {
        title: `${verb} ${node}`,
        calls: onNode(context.clusterName, node, ["get", "patch"]),
        facts: [
          {
            label: "Node",
            value: `${node}: new pods ${cordoned ? "may → may not" : "may not → may"} come here`,
          },
          ...(cordoned ? [{ label: "Left alone", value: "every pod that runs there" }] : []),
        ],
        diff: null,
        kubectl: [`kubectl ${name} ${node}`],
        warnings: already
          ? [
              {
                level: "block",
                text: `There is nothing to do: ${node} is ${cordoned ? "cordoned" : "not cordoned"} already.`,
              },
            ]
          : [],
        fingerprint: digest([found.uid, found.cordoned]),
        inverse: { action: other, title: `${cordoned ? "Uncordon" : "Cordon"} ${node}`, with: { node } },
        state: { node, uid: found.uid },
        targets: [],
      };
    },

    async apply({ node, uid }, context) {
      const found = await nodeOf(context, node);
      if (found?.uid !== uid) throw new PlanDrifted(`${node} was deleted and made again`);
      if (found.cordoned !== cordoned) await setCordon(context, found, cordoned);
    },

    async observe({ node, uid }, context) {
      const found = await nodeOf(context, node);
      if (found?.uid !== uid) return { state: "diverged", detail: `${node} was deleted and made again` };
      if (found.cordoned !== cordoned) return { state: "pending", detail: `${node} is not ${name}ed yet` };
      return { state: "done", evidence: [{ what: `${node} is ${name}ed`, ok: true }] };
    },
  });
}

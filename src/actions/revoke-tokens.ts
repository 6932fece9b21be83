import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import { refusedHalfway } from "../engine/refused-halfway.ts";
import { onWorkload } from "./rollout/calls.ts";

const Params = z.strictObject({});

type Token = { name: string; uid: string };
type RevokeState = { account: string; tokens: Token[] };

// Nothing but metadata is looked at; the contents are dropped as they come.
const Secret = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
});
const Template = z.object({
  spec: z.object({ serviceAccountName: z.string().default("default") }).prefault({}),
});

function secretsIn({ target }: ActionContext) {
  return { group: "", resource: "secrets", namespace: target.namespace };
}

async function tokensOf(account: string, context: ActionContext): Promise<(Token & { deleting: boolean })[]> {
  const found: (Token & { deleting: boolean })[] = [];
  const query = { fieldSelector: "type=kubernetes.io/service-account-token" };
  for await (const raw of context.cluster.objects.list(secretsIn(context), query)) {
    const { name, uid, annotations, deletionTimestamp } = Secret.parse(raw).metadata;
    if (annotations["kubernetes.io/service-account.name"] === account)
      found.push({ name, uid, deleting: deletionTimestamp !== undefined });
  }
  return found;
}

/** Deletes the token Secrets of the account that an app runs as: those tokens are refused from then on. */
export const revokeTokens = defineAction<z.infer<typeof Params>, RevokeState>({
  name: "revoke-tokens",
  params: Params,
  permission: "app:contain",

  async plan(_, context) {
    const { cluster, target, app } = context;
    const { namespace } = target;
    const workload = await cluster.workload(target);
    const account = Template.parse(workload.template).spec.serviceAccountName;
    let tokens: Token[] = [];
    try {
      tokens = (await tokensOf(account, context)).map(({ name, uid }) => ({ name, uid }));
    } catch (error) {
      // Said by the preflight, in its own words.
      if (!isRefusal(error, "forbidden")) throw error;
    }
    const own = { cluster: target.cluster, ...secretsIn(context) };
    return {
      title: `Revoke the tokens of ${account}`,
      calls: [...onWorkload(target, ["get"]), { ...own, verb: "list" }, { ...own, verb: "delete" }],
      facts: [
        { label: "Service account", value: `${account}, which ${target.name} runs as` },
        { label: "Deletes", value: tokens.map(({ name }) => `Secret ${name}`).join(", ") || "nothing" },
      ],
      diff: null,
      kubectl: tokens.map(({ name }) => `kubectl delete secret ${name} -n ${namespace}`),
      warnings: [
        ...(tokens.length === 0
          ? [
              {
                level: "block" as const,
                text: `${account} has no token Secrets.`,
                next: `Its pods' own tokens end with the pods: \`restart ${app.name}\`, once evidence is kept.`,
              },
            ]
          : []),
        {
          level: "warn",
          text: "Tokens that were asked for (TokenRequest: those in running pods, and of `kubectl create token`) cannot be revoked one by one.",
          next: `A pod's ends with the pod: \`restart ${app.name}\`. All others end at their time, or at once when the ServiceAccount ${account} is deleted and made anew.`,
        },
        {
          level: "warn",
          text: "Deleted tokens do not come back: whoever uses them outside the cluster is locked out, and there is no undo.",
        },
      ],
      fingerprint: digest([account, tokens.map(({ uid }) => uid).toSorted()]),
      inverse: null,
      state: { account, tokens },
      targets: [],
    };
  },

  async apply({ tokens, account }, context) {
    const there = new Set((await tokensOf(account, context)).map(({ uid }) => uid));
    let wrote = false;
    for (const { name, uid } of tokens) {
      if (!there.has(uid)) continue;
      try {
        await context.cluster.objects.remove({ ...secretsIn(context), name }, uid);
      } catch (error) {
        if (refusedHalfway(wrote, error)) return;
        throw error;
      }
      wrote = true;
    }
  },

  async observe({ tokens, account }, context) {
    const planned = new Set(tokens.map(({ uid }) => uid));
    const left = (await tokensOf(account, context)).filter(({ uid }) => planned.has(uid));
    const detail = `${left.length} of ${tokens.length} are still there`;
    const kept = left.filter(({ deleting }) => !deleting).map(({ name }) => name);
    if (kept.length > 0 && context.inHand?.acted() === true)
      return {
        state: "failed",
        detail: `${detail}, not deleted: ${kept.join(", ")}`,
        evidence: kept.map((name) => ({ what: `Secret ${name} is still there`, ok: false })),
      };
    if (left.length > 0) return { state: "pending", detail };
    return {
      state: "done",
      evidence: [
        { what: `${tokens.map(({ name }) => name).join(", ")}: deleted, their tokens are refused`, ok: true },
      ],
    };
  },
});

import { z } from "zod";
import { PlanDrifted, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { isRefusal } from "../engine/cluster-refusal.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import type { Warning } from "../domain/plan.ts";
import { ConfigMap, configMapRef } from "./parameters/config-map.ts";
import { chooseParameter, type NamedParameter, shown, written } from "./parameters/choose.ts";
import { managersOf } from "./rollout/managers.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({
  purpose: z.enum(["bias", "caching"]).describe("only parameters of this purpose (`apps.<name>.parameters`)"),
  parameter: z
    .string()
    .nullable()
    .default(null)
    .describe("its name; the only one of its purpose when absent"),
  value: z.json().describe("a number, or one of its `values`"),
  back: z.boolean().default(false).describe("it was so before, allowed or not: set by its own inverse"),
});

type ParameterState = {
  configMap: string;
  uid: string;
  key: string;
  /** null: the key is not there. */
  from: string | null;
  to: string | null;
  /** It is what stood there before, which may be anything: it is not shown. */
  back: boolean;
};

type Where = Pick<ActionContext, "cluster" | "target">;

async function read(name: string, { cluster, target }: Where): Promise<ConfigMap | null> {
  const found = await cluster.objects.get(configMapRef(target.namespace, name));
  return found === null ? null : ConfigMap.parse(found);
}

/** With the version that was read, so that somebody else's change in between is a lost race. */
async function write(state: ParameterState, { metadata }: ConfigMap, where: Where & { dryRun: boolean }) {
  const { cluster, target, dryRun } = where;
  const body = {
    metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion },
    data: { [state.key]: state.to },
  };
  const patch = { type: "merge", body, dryRun, fieldManager } as const;
  await cluster.objects.patch(configMapRef(target.namespace, state.configMap), patch);
}

function inForce(found: ConfigMap, key: string): string | null {
  return Object.hasOwn(found.data, key) ? found.data[key]! : null;
}

/** What the cluster would say to it. */
async function refusals(
  state: ParameterState,
  found: ConfigMap,
  { cluster, target, actor }: ActionContext,
): Promise<Warning[]> {
  if (actor.kind !== "person" || state.from === state.to || found.immutable) return [];
  try {
    await write(state, found, { cluster, target, dryRun: true });
    return [];
  } catch (error) {
    // What the person may not do is said by the check of all rights.
    if (isRefusal(error, "forbidden")) return [];
    if (!isRefusal(error, "denied", "invalid")) throw error;
    return [{ level: "block", text: `${error.message}: ${error.why}`, next: error.next }];
  }
}

function warningsOf(state: ParameterState, found: ConfigMap, parameter: NamedParameter): Warning[] {
  const { title } = parameter;
  const { annotations, name } = found.metadata;
  if (found.immutable)
    return [
      {
        level: "block",
        text: `The ConfigMap ${name} is immutable.`,
        next: "Make one of another name, and have the app use that.",
      },
    ];
  if (state.from === state.to)
    return [
      {
        level: "block",
        text: `There is nothing to do: ${title} is ${shown(parameter, state.to)} already.`,
      },
    ];
  return managersOf({ raw: found as never, annotations, target: { name } }).map(({ warning }) => warning);
}

/** Sets one value of a ConfigMap that crai.yaml names, within the bounds that it gives. */
export const parameterSet = defineAction<z.infer<typeof Params>, ParameterState>({
  name: "parameter-set",
  params: Params,
  permission: "parameter:set",

  async plan({ purpose, parameter: name, value, back }, context) {
    const { app, target } = context;
    const parameter = chooseParameter(app, purpose, name);
    const { configMap, key, title } = parameter;
    const found = await read(configMap, context);
    if (found === null)
      throw new UserError(`There is no ConfigMap ${configMap} in ${target.namespace}.`, {
        why: `crai.yaml says that ${title} is kept there (\`apps.${app.name}.parameters.${parameter.name}\`).`,
        next: "Correct crai.yaml, or deploy the ConfigMap first.",
      });
    const from = inForce(found, key);
    // Only the undo of one that was not there gives null.
    const to = value === null ? null : back && typeof value === "string" ? value : written(parameter, value);
    const state = { configMap, uid: found.metadata.uid, key, from, to, back };
    const [before, after] = [shown(parameter, from), shown(parameter, to)];
    const call = { cluster: target.cluster, group: "", resource: "configmaps", namespace: target.namespace };
    const told = back && to !== null ? "<as before>" : to;
    return {
      title: `Set ${title} from ${before} to ${after}`,
      calls: [
        { ...call, verb: "get", name: configMap },
        { ...call, verb: "patch", name: configMap },
      ],
      facts: [
        { label: title, value: `${before} → ${after}` },
        { label: "Kept in", value: `${key} of the ConfigMap ${configMap}` },
      ],
      diff: null,
      kubectl: [
        `kubectl -n ${target.namespace} patch configmap ${configMap} --type merge -p '${JSON.stringify({ data: { [key]: told } })}'`,
      ],
      warnings: [...warningsOf(state, found, parameter), ...(await refusals(state, found, context))],
      fingerprint: digest([found.metadata.uid, key, from, to]),
      inverse: {
        action: "parameter-set",
        title: `Set ${title} back to ${before}`,
        with: { purpose, parameter: parameter.name, value: from, back: true },
        first: true,
      },
      state,
    };
  },

  async apply(state, context) {
    const found = await read(state.configMap, context);
    if (found === null || found.metadata.uid !== state.uid)
      throw new PlanDrifted(`The ConfigMap ${state.configMap} was deleted or made again`);
    const now = inForce(found, state.key);
    if (now === state.to) return;
    if (now !== state.from) throw new PlanDrifted(`Somebody changed ${state.key} of ${state.configMap}`);
    await write(state, found, { ...context, dryRun: false });
  },

  async observe(state, context) {
    const found = await read(state.configMap, context);
    if (found === null || found.metadata.uid !== state.uid)
      return { state: "diverged", detail: `The ConfigMap ${state.configMap} was deleted or made again` };
    const now = inForce(found, state.key);
    if (now === state.to)
      return {
        state: "done",
        evidence: [
          {
            what: `${state.key} of ${state.configMap} is ${state.to === null ? "gone" : state.back ? "what it was before" : state.to}`,
            ok: true,
          },
        ],
      };
    if (now === state.from)
      return { state: "pending", detail: `${state.key} of ${state.configMap} is as before` };
    return { state: "diverged", detail: `Somebody changed ${state.key} of ${state.configMap}` };
  },
});

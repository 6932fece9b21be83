import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import type { ActionContext } from "../engine/playbooks/action.ts";
import { createGroups } from "./diagnose/group-lines.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { readLogs } from "./diagnose/read-logs.ts";
import { day, modelOf, readVersions, whilePlanning } from "./model/versions.ts";
import { onWorkload } from "./rollout/calls.ts";

/** What libraries say of models that they cannot load, among lines that are errors anyway. */
const aboutModels =
  /\b(models?|artifacts?|checkpoints?|weights|pickle|unpickl\w+|joblib|mlflow|onnx|tensorflow|torch|state_dict|calibration)\b/i;

/** What was to be loaded, and whether it can be. */
async function wanted(context: ActionContext): Promise<Evidence> {
  const model = modelOf(context);
  const { name, alias, registry } = model;
  const { current, all } = await whilePlanning(readVersions(model, context.registry));
  if (current === null)
    return {
      what: `The registry has no alias ${alias} for ${name}, so nothing can be loaded by it: set it (\`promote-model\` shows what there is)`,
      ok: false,
    };
  const found = all.find(({ version }) => version === current);
  if (found === undefined)
    return {
      what: `Version ${current} of ${name} is to be loaded, and ${registry} does not list it`,
      ok: false,
    };
  const whole = found.ready ? "and the registry has it whole" : "but in the registry it is not READY";
  return {
    what: `Version ${current} of ${name} (${day(found.registeredAt)}) is to be loaded, ${whole}`,
    ok: found.ready,
  };
}

/** Errors of the app's pods that have to do with its model. */
async function told(context: ActionContext): Promise<Evidence[]> {
  const groups = createGroups();
  const { pods, unread } = await readLogs(groups, context, { pods: 6, lines: 500 });
  const found = groups.found(200).filter(({ example }) => aboutModels.test(example));
  return [
    ...found.slice(0, 4).map(({ count, pods: where, example, previous }) => ({
      what: `×${count} in ${where.size} ${where.size === 1 ? "pod" : "pods"}${previous ? ", before a restart" : ""}: ${example}`,
      ok: false,
    })),
    ...(found.length === 0
      ? [{ what: `No error about a model in ${groups.lines()} lines of ${pods} pods`, ok: true }]
      : []),
    ...unread.slice(0, 2).map((what) => ({ what: `Not read: ${what}`, ok: null })),
  ];
}

/** Whether the app could load its model: which version was to be loaded, whether the registry has it, and what the logs say. */
export const modelLoadCheck = defineProbe({
  name: "model-load-check",
  params: z.strictObject({}),
  title: ({ app }) => `whether ${app.name} can load its model`,
  calls: ({ target }) => [
    ...onWorkload(target, ["get"]),
    { verb: "list", group: "", resource: "pods", namespace: target.namespace },
    { verb: "get", group: "", resource: "pods", subresource: "log", namespace: target.namespace },
  ],
  kubectl: ({ target }) => [
    `kubectl logs -n ${target.namespace} ${target.kind}/${target.name} --tail 500 --previous`,
  ],

  async look(context) {
    const [version, errors] = await Promise.all([wanted(context), told(context)]);
    const evidence = [version, ...errors];
    const bad = evidence.filter(({ ok }) => ok === false);
    if (bad.length === 0) return { state: "done", evidence };
    const next =
      version.ok === false
        ? "choose another version (`rollback-model`)"
        : "the code and the model do not fit: roll the app back (`rollback`), or the model (`rollback-model`)";
    return { state: "failed", detail: `${bad.map(({ what }) => what).join("; ")}. Next: ${next}`, evidence };
  },
});

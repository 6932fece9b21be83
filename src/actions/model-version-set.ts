import { z } from "zod";
import { quoted } from "../domain/clean-text.ts";
import { PlanDrifted, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { ModelSettings } from "../domain/model.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import type { Json, ModelRegistry, ModelVersion } from "../engine/ports.ts";
import { compare, comparedText, objections } from "./model/compare.ts";
import { day, figuresOf, modelOf, readVersions, type Versions, whilePlanning } from "./model/versions.ts";

const Params = z.strictObject({
  // As a person wrote it, like the revision of rollout-undo.
  to: z
    .json()
    .default(null)
    .describe("a version of the model; the newest older one that can be loaded when absent"),
  gate: z
    .boolean()
    .default(true)
    .describe("whether a version that misses its figures is refused, and not only warned of"),
});

type VersionState = { registry: string; model: string; alias: string; from: number; to: number };

function versionNumber(given: Json): number {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  const number = /^v?\d{1,9}$/.test(text) ? Number(text.replace(/^v/, "")) : 0;
  if (number > 0) return number;
  throw new UserError(`${quoted(text)} is no version of a model`, {
    why: "A registry counts them: 1, 2, 3, …",
    next: "Use the number of a version, as in `--to 3`.",
  });
}

/** The version that is wanted. Throws a UserError where there is none. */
function chooseVersion(given: Json, { name }: ModelSettings, { current, all }: Versions): ModelVersion {
  const others = all.filter(({ version, ready }) => ready && version !== current);
  const known =
    others.length === 0
      ? "There is no other version."
      : `Its other versions: ${others.map(({ version }) => version).join(", ")}.`;
  if (given === null) {
    const previous = all.find(({ version, ready }) => ready && current !== null && version < current);
    if (previous !== undefined) return previous;
    throw new UserError(`There is no earlier version of ${name} to go back to.`, {
      why: `Version ${current} is the first that can be loaded.`,
      next: "Roll the app back (`rollback`), or train a better one (`retrain`).",
    });
  }
  const wanted = versionNumber(given);
  const found = all.find(({ version }) => version === wanted);
  if (found === undefined)
    throw new UserError(`There is no version ${wanted} of ${name}.`, {
      why: known,
      next: "Choose one of these.",
    });
  if (found.ready) return found;
  throw new UserError(`Version ${wanted} of ${name} cannot be loaded.`, {
    why: "The registry does not have all of it: its status is not READY.",
    next: known,
  });
}

/** Names of models are free of quotes, so nothing needs escaping. */
function curlLine({ registry, name, alias }: ModelSettings, version: number): string {
  const body = JSON.stringify({ name, alias, version: String(version) });
  return `curl -X POST ${registry}/api/2.0/mlflow/registered-models/alias -H 'Content-Type: application/json' -d '${body}'`;
}

async function inForce(
  { registry, model, alias }: VersionState,
  port: ModelRegistry,
): Promise<number | null> {
  return (await port.aliases({ registry, name: model })).get(alias) ?? null;
}

/** Points the registry's alias at another version. What was in force is read just before: the registry compares nothing. */
export const modelVersionSet = defineAction<z.infer<typeof Params>, VersionState>({
  name: "model-version-set",
  params: Params,
  permission: "model:promote",

  async plan({ to, gate }, context) {
    const model = modelOf(context);
    const versions = await whilePlanning(readVersions(model, context.registry));
    const { current, all } = versions;
    if (current === null)
      throw new UserError(`No version of ${model.name} is in force.`, {
        why: `The registry has no alias ${model.alias} for it, so crai could not put things back.`,
        next: `Set the alias ${model.alias} once in MLflow, or correct \`apps.${context.app.name}.model.alias\` in crai.yaml.`,
      });
    const chosen = chooseVersion(to, model, versions);
    const present = all.find(({ version }) => version === current);
    const [now, other] = await whilePlanning(
      Promise.all([figuresOf(model, present, context.registry), figuresOf(model, chosen, context.registry)]),
    );
    const compared = compare(model, now, other);
    const { version } = chosen;
    const same = {
      level: "block" as const,
      text: `There is nothing to do: version ${version} of ${model.name} is in force already.`,
    };
    const others = all.filter((one) => one.ready && one.version !== current && one.version !== version);
    return {
      title: `Set ${model.name} from version ${current} to ${version}`,
      calls: [],
      facts: [
        {
          label: "Model version",
          value: `${current}${present === undefined ? "" : ` (${day(present.registeredAt)})`} → ${version} (${day(chosen.registeredAt)})`,
        },
        ...compared.map((one) => ({ label: one.title, value: comparedText(one) })),
        { label: "Alias", value: `${model.alias} at ${model.registry}, as crai's own account there` },
      ],
      diff: null,
      kubectl: [curlLine(model, version)],
      alternatives: others.slice(0, 5).map((one) => ({
        label: `version ${one.version} of ${day(one.registeredAt)}`,
        value: String(one.version),
      })),
      warnings: version === current ? [same] : objections(compared, { version, gate }),
      fingerprint: digest([model.registry, model.name, model.alias, current, version]),
      inverse: {
        action: "model-version-set",
        title: `Set ${model.name} back to version ${current}`,
        with: { to: String(current), gate: false },
        first: true,
      },
      state: { registry: model.registry, model: model.name, alias: model.alias, from: current, to: version },
    };
  },

  async apply(state, { registry: port }) {
    const { registry, model, alias, from, to } = state;
    const current = await inForce(state, port);
    if (current === to) return;
    if (current !== from)
      throw new PlanDrifted(`Somebody set ${model} to version ${current ?? "none"} meanwhile`);
    await port.setAlias({ registry, name: model }, alias, to);
  },

  async observe(state, { registry: port }) {
    const { model, alias, from, to } = state;
    const current = await inForce(state, port);
    if (current === to)
      return { state: "done", evidence: [{ what: `${alias} of ${model} is version ${to}`, ok: true }] };
    if (current === from) return { state: "pending", detail: `${model} is still version ${from}` };
    return { state: "diverged", detail: `Somebody set ${model} to version ${current ?? "none"}` };
  },
});

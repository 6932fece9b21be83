import { UserError } from "../../domain/errors.ts";
import { type Plan, planRisk, planScopes, type PlannedScope, type Warning } from "../../domain/plan.ts";
import { chooseEnvironment, chooseSharedEnvironment } from "../commands/apps.ts";
import { resolveText } from "../playbooks/expressions.ts";
import type { LoadedPlaybook } from "../playbooks/loaded.ts";
import { inputOfType, readInputs } from "../playbooks/read-inputs.ts";
import type { Json } from "../ports.ts";
import type { MakeContext } from "./action-context.ts";
import { evidenceWarnings } from "./evidence-warnings.ts";
import { expand, variablesOf } from "./expand.ts";
import { planSteps } from "./plan-steps.ts";
import type { Drift, PlannerOptions, PlanRequest } from "./planning.ts";
import { demandActions, preflight } from "./preflight.ts";

export type PlaybookDraft = Omit<PlanRequest, "key" | "channel"> & Drift;

const inShadow: Warning = {
  level: "block",
  text: "This playbook is in shadow: it proposes and records, and never acts.",
  next: "Its owner sets `mode: live` when what it proposes has proved right.",
};

function find(name: string, playbooks: ReadonlyMap<string, LoadedPlaybook>): LoadedPlaybook {
  const playbook = playbooks.get(name);
  if (playbook) return playbook;
  throw new UserError(`There is no playbook "${name}".`, {
    why: "None of this name is in force.",
    next: "`playbooks` lists them.",
  });
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** Works a playbook out against the cluster as it is now; stores nothing. */
export function createPlaybookDraft(options: PlannerOptions, contexts: MakeContext) {
  const { config, actions, playbooks, clusters, authorizer } = options;
  const { apps } = config;

  /** The app and environment a playbook is about: the ones asked for, else those its inputs name. */
  function aboutOf({ inputs }: LoadedPlaybook, request: PlaybookDraft): PlannedScope {
    const names = { app: inputOfType(inputs, "app"), environment: inputOfType(inputs, "environment") };
    const given = (name: string | undefined): string | null =>
      name === undefined ? null : textOf(request.inputs[name] ?? inputs[name]?.default);
    const app = names.app === undefined ? null : (given(names.app) ?? request.app);
    const wanted = given(names.environment) ?? request.environment;
    if (app !== null) return { app, environment: chooseEnvironment(apps, app, wanted) };
    if (names.environment === undefined) return { app: null, environment: null };
    return { app: null, environment: chooseSharedEnvironment(apps, wanted) };
  }

  function inputsOf(playbook: LoadedPlaybook, request: PlaybookDraft, about: PlannedScope) {
    const named = { ...request.inputs };
    for (const type of ["app", "environment"] as const) {
      const name = inputOfType(playbook.inputs, type);
      if (name !== undefined) named[name] = about[type];
    }
    return readInputs(playbook, named, apps);
  }

  return async (request: PlaybookDraft): Promise<Plan> => {
    const playbook = find(request.playbook, playbooks());
    const { actor, incident, reason } = request;
    const about = aboutOf(playbook, request);
    if (actor.kind === "person" && about.app !== null)
      await authorizer.demand(actor, playbook.permission, about);
    const inputs = inputsOf(playbook, request, about);
    const frame = {
      ...about,
      inputs,
      item: null,
      prefix: "",
      steps: playbook.flat.map(({ id }) => id),
    };
    const wanted = expand(
      { playbook, frame, needs: [], conditions: [], top: true },
      { apps, playbooks: playbooks() },
    );
    if (wanted.length === 0)
      throw new UserError(`${playbook.metadata.name} has nothing to do.`, {
        why: "None of its steps applies to what was asked.",
        next: `\`help ${playbook.metadata.name}\` says what it does.`,
      });
    const steps = await planSteps(wanted, { actor, actions, contexts, incident });
    if (actor.kind === "person")
      for (const scope of planScopes({ ...about, steps }))
        await authorizer.demand(actor, playbook.permission, scope);
    await demandActions(steps, { actor, authorizer });
    // What will be changed names a plan better than its playbook does.
    const changes = steps.filter((step) => step.mutates && step.passing !== true).map((step) => step.title);
    const named = resolveText(playbook.metadata.title, variablesOf(frame));
    return {
      title: changes.length > 0 && changes.length <= MOST_NAMED ? changes.join(", then ") : named,
      playbook: { name: playbook.metadata.name, version: playbook.metadata.version, digest: playbook.digest },
      inputs,
      ...about,
      actor,
      incident,
      reason,
      undoes: null,
      risk: planRisk(playbook.risk, steps),
      approvals: playbook.approvals,
      onFailure: playbook.on_failure,
      warnings: [
        ...(playbook.mode === "shadow" ? [inShadow] : []),
        ...(await evidenceWarnings(options.db, { incident, steps, actions })),
      ],
      steps: request.drift === true ? steps : await preflight(steps, { actor, clusters }),
    };
  };
}

/** Changes that a title names; of more, the playbook's own title says what they come to. */
const MOST_NAMED = 3;

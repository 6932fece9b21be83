import type { Config } from "../../domain/config.ts";
import { isError, isUserError } from "../../domain/errors.ts";
import { planWarnings } from "../../domain/plan.ts";
import { isRefusal } from "../cluster-refusal.ts";
import type { LoadedPlaybook } from "../playbooks/loaded.ts";
import { inputOfType } from "../playbooks/read-inputs.ts";
import type { Planner } from "../plans/planner.ts";
import type { Json } from "../ports.ts";

/** A playbook as it could be started for one app, or for none. */
export interface Trial {
  playbook: LoadedPlaybook;
  app: string | null;
  environment: string | null;
}

/** `unseen`: it could not be found out, which is no word on the playbook. */
export type Found = { state: "able" } | { state: "unable" | "unseen"; why: string };

type Apps = Pick<Config, "apps">["apps"];

/** Everything that a playbook could be started for. */
export function trialsOf(playbook: LoadedPlaybook, apps: Apps): Trial[] {
  const places = Object.entries(apps).flatMap(([app, { environments }]) =>
    Object.keys(environments).map((environment) => ({ app, environment })),
  );
  const isOfApp = inputOfType(playbook.inputs, "app") !== undefined;
  if (isOfApp) return places.map((place) => ({ playbook, ...place }));
  if (inputOfType(playbook.inputs, "environment") === undefined)
    return [{ playbook, app: null, environment: null }];
  return [...new Set(places.map(({ environment }) => environment))].map((environment) => ({
    playbook,
    app: null,
    environment,
  }));
}

/** What somebody could start it with: as its own tests do, since nobody is there to ask. */
function inputsOf({ inputs, tests }: LoadedPlaybook): Record<string, Json> | null {
  const needed = Object.entries(inputs)
    .filter(([, input]) => input.type !== "app" && input.type !== "environment")
    .filter(([, { required, default: given }]) => required && given === undefined)
    .map(([name]) => name);
  const like = tests.find(
    ({ inputs: given, expect: { refused, blocked } }) =>
      (refused ?? blocked) === undefined && needed.every((name) => given[name] !== undefined),
  );
  if (like === undefined) return needed.length === 0 ? {} : null;
  return Object.fromEntries(needed.map((name) => [name, like.inputs[name] ?? null]));
}

/** Plans it as the observer, who may change nothing. Nothing is stored. */
export async function probePlaybook(
  { playbook, app, environment }: Trial,
  planner: Pick<Planner, "draft">,
): Promise<Found> {
  const inputs = inputsOf(playbook);
  if (inputs === null) return { state: "unseen", why: "none of its tests says what to start it with" };
  const { name } = playbook.metadata;
  const request = { playbook: name, app, environment, inputs, incident: null, reason: null };
  try {
    const plan = await planner.draft({ ...request, actor: { kind: "observer" } });
    const block = planWarnings(plan).find(({ level }) => level === "block");
    // One in shadow is not to be carried out.
    if (block === undefined || playbook.mode === "shadow") return { state: "able" };
    return { state: "unable", why: block.text };
  } catch (error) {
    if (isError(error, "ClusterUnreachable")) return { state: "unseen", why: error.message };
    if (isRefusal(error, "forbidden", "unauthenticated")) return { state: "unseen", why: error.message };
    if (isUserError(error)) return { state: "unable", why: `${error.message} ${error.why}` };
    throw error;
  }
}

import type { ModelSettings } from "../../domain/model.ts";
import { isError, isUserError, UserError } from "../../domain/errors.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import type { ModelRegistry, ModelVersion } from "../../engine/ports.ts";

/** Throws a UserError where crai.yaml does not say where the app's model is. */
export function modelOf({ app }: Pick<ActionContext, "app">): ModelSettings {
  if (app.model !== undefined) return app.model;
  throw new UserError(`crai does not know the model of ${app.name}.`, {
    why: `crai.yaml has no \`apps.${app.name}.model\`.`,
    next: "Name there the registry (MLflow), the registered model and the alias that is served.",
  });
}

/** What a registry that does not answer comes to while nothing is done yet. */
export async function whilePlanning<Result>(read: Promise<Result>): Promise<Result> {
  try {
    return await read;
  } catch (error) {
    if (!isError(error, "ClusterUnreachable")) throw error;
    throw new UserError(error.message, {
      why: "Nothing was changed.",
      next: "Try again when it answers; the app goes on with the version that it has loaded.",
      cause: error,
    });
  }
}

export interface Versions {
  /** The one in force; null: the alias names none. */
  current: number | null;
  /** Newest first. */
  all: ModelVersion[];
}

export async function readVersions(
  { registry, name, alias }: ModelSettings,
  port: ModelRegistry,
): Promise<Versions> {
  const model = { registry, name };
  const [aliases, all] = await Promise.all([port.aliases(model), port.versions(model)]);
  return { current: aliases.get(alias) ?? null, all };
}

/** What is known of a version's figures; null: it came without a run, or the run is gone. */
export async function figuresOf(
  { registry, name }: ModelSettings,
  version: ModelVersion | undefined,
  port: ModelRegistry,
): Promise<Record<string, number> | null> {
  if (version === undefined || version.run === null) return null;
  try {
    return await port.figures({ registry, name }, version.run);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return null;
  }
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

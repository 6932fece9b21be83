import { isUserError, UserError } from "../../domain/errors.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";
import type { Workload } from "../../engine/ports.ts";
import { onWorkload } from "../rollout/calls.ts";
import { refusedHalfway } from "../../engine/refused-halfway.ts";
import { fieldManager } from "../rollout/write-template.ts";

type Place = EnvironmentContext["apps"][number];

/** The apps that write to a database, where they run. */
export function writersOf(database: string, { apps, environment }: EnvironmentContext): Place[] {
  const owner = apps.find(({ app }) => app.name === database)?.app;
  const names = owner?.database?.writers;
  if (names === undefined)
    throw new UserError(`${database} is no database that crai knows in ${environment}.`, {
      why: `crai.yaml has no \`apps.${database}.database\`, or no ${environment} of it.`,
      next: "Whoever keeps the playbook or crai.yaml can correct it.",
    });
  return names.flatMap((name) => apps.find(({ app }) => app.name === name) ?? []);
}

export function callsOn(places: readonly Place[]): ResourceCall[] {
  return places.flatMap(({ target }) => [
    ...onWorkload(target, ["get"]),
    ...onWorkload(target, ["patch"], "scale"),
  ]);
}

/** Scales one after the other; stops at the first that the cluster refuses. */
export async function scaleAll(
  { cluster }: EnvironmentContext,
  wanted: readonly { place: Place; replicas: number }[],
): Promise<void> {
  let wrote = false;
  for (const { place, replicas } of wanted) {
    try {
      await cluster.patch(place.target, patchTo(replicas));
    } catch (error) {
      if (refusedHalfway(wrote, error)) return;
      throw error;
    }
    wrote = true;
  }
}

/** Why the cluster would not scale it now, asked without writing; null: it would. */
export async function whyNotScaled(
  { cluster }: EnvironmentContext,
  { target }: Place,
  replicas: number,
): Promise<string | null> {
  try {
    await cluster.patch(target, { ...patchTo(replicas), dryRun: true });
    return null;
  } catch (error) {
    if (isUserError(error)) return `${error.message} ${error.why}`;
    throw error;
  }
}

function patchTo(replicas: number) {
  return { type: "merge", subresource: "scale", body: { spec: { replicas } }, fieldManager } as const;
}

/** Pods of it that there still are, and that are ready. */
export function countsOf({ raw }: Workload): { pods: number; ready: number } {
  const { replicas = 0, readyReplicas = 0 } = (raw["status"] ?? {}) as {
    replicas?: number;
    readyReplicas?: number;
  };
  return { pods: replicas, ready: readyReplicas };
}

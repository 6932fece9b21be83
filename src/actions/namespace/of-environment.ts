import type { EnvironmentContext, PlannedAction } from "../../engine/playbooks/action.ts";
import type { Json } from "../../engine/ports.ts";

export type OfEnvironment = { namespaces: string[] };

/** A look at everything in the environment's namespaces: the right to see each of its apps is asked for. */
export function ofEnvironment({ apps }: EnvironmentContext): Pick<PlannedAction<Json>, "apps"> {
  return { apps: apps.map(({ app }) => app.name) };
}

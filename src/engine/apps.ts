import type { App, Environment } from "../domain/app.ts";
import { UserError } from "../domain/errors.ts";
import { nearest } from "./nearest.ts";

type Apps = Record<string, App>;

/** Throws a UserError with the nearest name. */
export function findApp(apps: Apps, name: string): App & { name: string } {
  const app = Object.hasOwn(apps, name) ? apps[name] : undefined;
  if (app) return { ...app, name };
  const near = nearest(name, Object.keys(apps));
  throw new UserError(`There is no app "${name}".`, {
    why: near === undefined ? `Apps are: ${Object.keys(apps).join(", ")}.` : `Did you mean ${near}?`,
    next: "Apps are defined in crai.yaml.",
  });
}

/** The named environment, or the only one. */
export function chooseEnvironment(apps: Apps, appName: string, name: string | null): string {
  const names = Object.keys(findApp(apps, appName).environments);
  if (name !== null && names.includes(name)) return name;
  if (name === null && names.length === 1 && names[0] !== undefined) return names[0];
  throw new UserError(
    name === null ? `${appName} has several environments.` : `${appName} has no environment "${name}".`,
    {
      why: `It has: ${names.join(", ")}.`,
      next: `Add --env ${names[0] ?? "<environment>"}.`,
    },
  );
}

export function findTarget(
  apps: Apps,
  appName: string,
  environmentName: string,
): { app: App & { name: string }; environment: Environment & { name: string } } {
  const app = findApp(apps, appName);
  const environment = app.environments[chooseEnvironment(apps, appName, environmentName)]!;
  return { app, environment: { ...environment, name: environmentName } };
}

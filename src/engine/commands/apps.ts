import type { App, Environment } from "../../domain/app.ts";
import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { nearest } from "./nearest.ts";

type Apps = Record<string, App>;

/** Throws a UserError with the nearest name. */
export function findApp(apps: Apps, name: string): App & { name: string } {
  const app = Object.hasOwn(apps, name) ? apps[name] : undefined;
  if (app) return { ...app, name };
  const near = nearest(name, Object.keys(apps));
  throw new UserError(`There is no app ${quoted(name)}.`, {
    why: near === undefined ? "crai.yaml defines none of this name." : `Did you mean ${near}?`,
    next: `Apps are: ${Object.keys(apps).join(", ")}.`,
  });
}

/** The named environment, or the only one. */
export function chooseEnvironment(apps: Apps, appName: string, name: string | null): string {
  const names = Object.keys(findApp(apps, appName).environments);
  if (name !== null && names.includes(name)) return name;
  if (name === null && names.length === 1 && names[0] !== undefined) return names[0];
  throw new UserError(
    name === null ? `${appName} has several environments.` : `${appName} has no environment ${quoted(name)}.`,
    {
      why: `It has: ${names.join(", ")}.`,
      next: `Add --env ${names[0] ?? "<environment>"}.`,
    },
  );
}

/** The named environment of whichever apps have it, or the only one there is. */
export function chooseSharedEnvironment(apps: Apps, name: string | null): string {
  const names = [...new Set(Object.values(apps).flatMap(({ environments }) => Object.keys(environments)))];
  if (name !== null && names.includes(name)) return name;
  if (name === null && names.length === 1 && names[0] !== undefined) return names[0];
  throw new UserError(name === null ? "Which environment?" : `There is no environment ${quoted(name)}.`, {
    why: `The apps of crai.yaml have: ${names.join(", ")}.`,
    next: "Name one of them.",
  });
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

/** The app a command is about: the one named, else the incident's. */
export function appOf(
  apps: Apps,
  named: string | undefined,
  incident: { app: string | null } | null,
): App & { name: string } {
  const name = named ?? incident?.app ?? undefined;
  if (name !== undefined) return findApp(apps, name);
  throw new UserError("Which app?", {
    why: "This channel belongs to no incident of an app.",
    next: `Name one of: ${Object.keys(apps).join(", ")}.`,
  });
}

/** The environment a command is about: the one named, else the incident's when it is about the same app, else the only one. */
export function environmentOf(
  apps: Apps,
  asked: { app: string; environment: string | undefined },
  incident: { app: string | null; environment: string | null } | null,
): string {
  const { app, environment: named } = asked;
  return chooseEnvironment(apps, app, named ?? (incident?.app === app ? incident.environment : null));
}

import type { App, Environment } from "../../domain/app.ts";
import { quoted } from "../../domain/clean-text.ts";
import { UserError } from "../../domain/errors.ts";
import { nearest } from "./nearest.ts";

type Apps = Record<string, App>;

/** An app was asked for and none was found; which ones there are is said to each person by what they may see. */
export class AppUnknown extends UserError {
  readonly asked: string | undefined;

  constructor(asked: string | undefined) {
    super(asked === undefined ? "Which app?" : `There is no app ${quoted(asked)}.`, {
      why:
        asked === undefined
          ? "This channel belongs to no incident of an app."
          : "crai.yaml defines none of this name.",
      next: "Ask whoever keeps crai.yaml what apps it has.",
    });
    this.asked = asked;
  }

  /** The same with the apps that somebody may see. */
  among(visible: readonly string[]): UserError {
    if (visible.length === 0) return this;
    const near = this.asked === undefined ? undefined : nearest(this.asked, visible);
    return new UserError(this.message, {
      why: near === undefined ? this.why : `Did you mean ${near}?`,
      next: `Apps are: ${visible.join(", ")}.`,
    });
  }
}

/** Throws AppUnknown. */
export function findApp(apps: Apps, name: string): App & { name: string } {
  const app = Object.hasOwn(apps, name) ? apps[name] : undefined;
  if (app) return { ...app, name };
  throw new AppUnknown(name);
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
  throw new AppUnknown(undefined);
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

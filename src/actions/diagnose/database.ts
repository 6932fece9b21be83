import { targetOf, type Target } from "../../domain/app.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";

export interface AppsDatabase {
  app: string;
  service: string;
  user: string;
  name: string;
  target: Target;
}

/** The database that the app needs, in the same environment; a text says why it is not known which. */
export function databaseOf({ app, environment, settings }: ActionContext): AppsDatabase | string {
  const wanted = app.diagnose?.database;
  if (wanted === undefined)
    return `Which database ${app.name} needs is not configured (apps.${app.name}.diagnose.database in crai.yaml)`;
  const where = settings.apps[wanted.app]?.environments[environment.name];
  if (where === undefined)
    return `apps.${app.name}.diagnose.database names ${wanted.app}, which is no app in ${environment.name}`;
  const target = targetOf(where);
  // Another cluster would need an identity of its own.
  if (target.cluster !== environment.cluster)
    return `${wanted.app} is on ${target.cluster}, ${app.name} on ${environment.cluster}`;
  return { ...wanted, target };
}

import type { Permission, Scope } from "../domain/access.ts";
import type { Actor } from "../domain/actor.ts";
import type { App } from "../domain/app.ts";
import type { Authorizer } from "./authorizer.ts";

type Allows = Pick<Authorizer, "allows">;

/** Everything a right can be about: nothing named, and each app in each environment. */
function everyScope(apps: Record<string, App>): Scope[] {
  const named = Object.entries(apps).flatMap(([app, { environments }]) =>
    Object.keys(environments).map((environment) => ({ app, environment })),
  );
  return [{}, ...named];
}

/** Whether somebody may do this to anything at all. */
export async function mayAnywhere(
  { allows }: Allows,
  apps: Record<string, App>,
  actor: Actor,
  permission: Permission,
): Promise<boolean> {
  const verdicts = await Promise.all(everyScope(apps).map((scope) => allows(actor, permission, scope)));
  return verdicts.some(Boolean);
}

/** Whether somebody may do this to each of several. */
export async function mayAll(
  { allows }: Allows,
  actor: Actor,
  permission: Permission,
  scopes: readonly Scope[],
): Promise<boolean> {
  const verdicts = await Promise.all(scopes.map((scope) => allows(actor, permission, scope)));
  return verdicts.every(Boolean);
}

/** Of things that belong to apps, those whose app somebody may do this to: the others are as if they were not there. */
export async function visibleTo<T extends { app: string | null; environment: string | null }>(
  { allows }: Allows,
  actor: Actor,
  permission: Permission,
  found: readonly T[],
): Promise<T[]> {
  const verdicts = await Promise.all(
    found.map(({ app, environment }) =>
      allows(actor, permission, { app: app ?? undefined, environment: environment ?? undefined }),
    ),
  );
  return found.filter((_, index) => verdicts[index]);
}

/** Names of the apps somebody may at least look at. */
export async function visibleApps(
  authorizer: Allows,
  apps: Record<string, App>,
  actor: Actor,
): Promise<string[]> {
  const scopes = everyScope(apps).map(({ app = null, environment = null }) => ({ app, environment }));
  const seen = await visibleTo(authorizer, actor, "workload:read", scopes);
  return [...new Set(seen.flatMap(({ app }) => app ?? []))];
}

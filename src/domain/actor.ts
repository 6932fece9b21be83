import { z } from "zod";

/** Systems that send alerts. */
export const AlertSource = z.enum(["pagerduty", "alertmanager", "grafana"]);
export type AlertSource = z.infer<typeof AlertSource>;

/**
 * Who asks. A person's `id` is the Slack user ID, or `kubernetes:<user>` for somebody on the command line whom no
 * identity in the configuration names. Names are for showing; rights never hang on them.
 */
export const Actor = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("person"), id: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal("alert"), source: AlertSource }),
  z.strictObject({ kind: z.literal("schedule"), name: z.string() }),
  z.strictObject({ kind: z.literal("observer") }),
]);
export type Actor = z.infer<typeof Actor>;
export type Person = Extract<Actor, { kind: "person" }>;

/** The Kubernetes user and groups an actor is impersonated as. */
export const Identity = z.strictObject({
  user: z.string().min(1).describe("Kubernetes user, as the cluster's RBAC names it"),
  groups: z.array(z.string().min(1)).default([]).describe("Kubernetes groups"),
});
export type Identity = z.infer<typeof Identity>;

/** Key of an actor in `access.identities` and in unique constraints. */
export function actorKey(actor: Actor): string {
  switch (actor.kind) {
    case "person":
      return actor.id;
    case "alert":
      return `alert:${actor.source}`;
    case "schedule":
      return `schedule:${actor.name}`;
    case "observer":
      return "observer";
  }
}

/** How an actor is named in plain text (terminal, Markdown). */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case "person":
      return actor.name;
    case "alert":
      return `${actor.source} alert`;
    case "schedule":
      return `schedule ${actor.name}`;
    case "observer":
      return "crai";
  }
}

export function sameActor(a: Actor, b: Actor): boolean {
  return actorKey(a) === actorKey(b);
}

import { z } from "zod";

/** Everything a role may be granted: verb on a resource. The text is shown in `whoami` and in refusals. */
export const permissions = {
  "incident:read": "see incidents and their timelines",
  "incident:declare": "declare an incident",
  "incident:update": "acknowledge, mitigate, resolve, reopen, and set severity and roles",
  "timeline:write": "add notes to a timeline",
  "timeline:export": "export a post-mortem",
  "workload:read": "see status and history of workloads",
  "rollout:undo": "roll back a workload",
  "rollout:restart": "restart a workload",
  "workload:scale": "scale a workload",
  "workload:limits": "change the CPU and memory limits of a workload",
  "manifest:apply": "apply manifests of crai.yaml, and take that back",
  "database:restore": "restore a database from a backup, and swap it in",
  "app:contain": "isolate an app, suspend its CronJobs, and revoke its tokens",
  "node:drain": "cordon, drain and uncordon nodes",
  "evidence:collect": "preserve evidence of an app",
  "evidence:export": "export preserved evidence",
  "job:run": "run a Job of crai.yaml",
  "parameter:set": "change a parameter of an app, within the bounds of crai.yaml",
  "session:end": "end connections of a database",
  "model:promote": "choose which version of a model is in force",
  "plan:approve": "approve or deny the plan of another person",
  "glass:break": "break the glass: run a guarded plan that nobody approved in time",
  "run:read": "see runs and locks",
  "run:stop": "stop a run",
  "run:answer": "answer what a run asks, and tick off its checklists",
  "lock:take": "take a lock over from a run that holds it",
  "crai:inspect": "see crai's own health, playbooks and who is on call",
} as const;
export type Permission = keyof typeof permissions;
export const Permission = z.enum(Object.keys(permissions) as [Permission, ...Permission[]]);

/** Who holds a role: Slack user IDs (U…), Slack user groups (S…), `*` for everybody in the workspace, or whoever is on call. */
export const Role = z.strictObject({
  members: z
    .array(
      z
        .string()
        .regex(
          /^([UWS][A-Z0-9]+|\*|kubernetes:.+|alert:.+|schedule:.+|observer)$/,
          "a Slack user ID (U…), user group ID (S…) or *",
        ),
    )
    .default([])
    .describe(
      "Slack user IDs (U…), user group IDs (S…), `kubernetes:<user>` for the command line, `*` for everybody, or `alert:<source>` and `schedule:<name>` for what runs by itself",
    ),
  onCall: z
    .array(z.string())
    .default([])
    .describe("PagerDuty schedule IDs: whoever is on call there holds the role"),
});
export type Role = z.infer<typeof Role>;

/** Grants permissions to roles, optionally only for some apps and environments. No rule = denied. */
export const Rule = z.strictObject({
  roles: z.array(z.string()).min(1).describe("names under `access.roles`"),
  allow: z
    .array(z.union([Permission, z.string().regex(/^([a-z]+:)?\*$/, "a permission, `resource:*` or `*`")]))
    .min(1)
    .describe("permissions, `resource:*` or `*`"),
  apps: z.array(z.string()).optional().describe("only for these apps"),
  environments: z.array(z.string()).optional().describe("only in these environments"),
});
export type Rule = z.infer<typeof Rule>;

/** What a request is about; absent or null where a request concerns no one app. */
export interface Scope {
  app?: string | null | undefined;
  environment?: string | null | undefined;
}

export type Verdict = { allowed: true } | { allowed: false; permission: Permission; scope: Scope };

function grants(allow: string, permission: Permission): boolean {
  return (
    allow === "*" ||
    allow === permission ||
    (allow.endsWith(":*") && permission.startsWith(allow.slice(0, -1)))
  );
}

/** A rule bound to apps does not answer a request that names no app: deny is the default. */
function within(limit: string[] | undefined, value: string | null | undefined): boolean {
  return limit === undefined || (typeof value === "string" && limit.includes(value));
}

/** The one decision about rights in crai. `roles` are the names of the roles the actor holds at this moment. */
export function authorize(
  rules: readonly Rule[],
  roles: ReadonlySet<string>,
  permission: Permission,
  scope: Scope,
): Verdict {
  const allowed = rules.some(
    (rule) =>
      rule.roles.some((role) => roles.has(role)) &&
      rule.allow.some((allow) => grants(allow, permission)) &&
      within(rule.apps, scope.app) &&
      within(rule.environments, scope.environment),
  );
  return allowed ? { allowed } : { allowed, permission, scope };
}

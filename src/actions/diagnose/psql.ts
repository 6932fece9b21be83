import type { z } from "zod";
import { cleanLine } from "../../domain/clean-text.ts";
import { ClusterUnreachable, UserError } from "../../domain/errors.ts";
import type { ResourceCall } from "../../domain/plan.ts";
import type { ActionContext } from "../../engine/playbooks/action.ts";
import { onWorkload } from "../rollout/calls.ts";
import { type AppsDatabase, databaseOf } from "./database.ts";

const timeoutMs = 8000;

/** Throws a UserError where crai.yaml does not say which database the app needs. */
export function demandDatabase(context: ActionContext): AppsDatabase {
  const database = databaseOf(context);
  if (typeof database !== "string") return database;
  throw new UserError(`crai does not know the database of ${context.app.name}.`, {
    why: `${database}.`,
    next: "Name there the app, the Service, the role and the database.",
  });
}

/** What it takes to ask the database in its own pod. */
export function callsOf({ target }: AppsDatabase): ResourceCall[] {
  const { cluster, namespace } = target;
  const pods = { cluster, group: "", resource: "pods", namespace };
  return [
    ...onWorkload(target, ["get"]),
    { ...pods, verb: "list" },
    { ...pods, verb: "get", subresource: "exec" },
  ];
}

/** The same by hand; queries of ours have no double quotes of their own. */
export function psqlLine(
  { target: { namespace, kind, name }, ...database }: AppsDatabase,
  query: string,
): string {
  return `kubectl exec -n ${namespace} ${kind}/${name} -- psql -U ${database.user} -d ${database.name} -c "${query}"`;
}

/**
 * Asks with one query that yields one JSON value, in a pod of the database, as the person. Throws a UserError for what
 * the database or the cluster refuses, and ClusterUnreachable when it is not known whether the query was carried out.
 */
export async function askDatabase<Shape extends z.ZodType>(
  { target, user, name }: AppsDatabase,
  { cluster }: Pick<ActionContext, "cluster">,
  { query, shape }: { query: string; shape: Shape },
): Promise<z.infer<Shape>> {
  const pods = await cluster.pods(await cluster.workload(target));
  const pod = pods.find(({ ready, deleting }) => ready && !deleting);
  if (pod === undefined)
    throw new UserError(`No pod of ${target.name} is ready`, {
      why: "The database is asked in its own pod.",
      next: "Look at its pods first (`diagnose high-error-rate`).",
    });
  const argv = ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", name, "-c", query];
  const { code, stdout, stderr } = await cluster.objects.exec(
    { namespace: target.namespace, name: pod.name },
    argv,
    { timeoutMs },
  );
  const says = cleanLine((stderr || stdout).trim()).slice(0, 200) || `exit code ${code ?? "unknown"}`;
  if (code === null) throw new ClusterUnreachable(`psql in ${pod.name} did not end: ${says}`);
  if (code !== 0)
    throw new UserError(`psql in ${pod.name} did not answer`, {
      why: says,
      next: "Correct `diagnose.database` of the app in crai.yaml, or look at the database itself.",
    });
  return shape.parse(JSON.parse(stdout));
}

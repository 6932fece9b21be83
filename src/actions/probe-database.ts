import { z } from "zod";
import { isUserError } from "../domain/errors.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { ActionContext } from "../engine/playbooks/action.ts";
import { execCalls } from "./exec/calls.ts";
import { type AppsDatabase, databaseOf } from "./diagnose/database.ts";
import { isReady, Pod, selectorOf } from "./diagnose/objects.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { onWorkload } from "./rollout/calls.ts";

const Slice = z.object({
  endpoints: z
    .array(z.object({ conditions: z.object({ ready: z.boolean().nullish() }).prefault({}) }))
    .nullish()
    .transform((endpoints) => endpoints ?? []),
});

const execTimeoutMs = 8000;

/** What the Service sends connections to: no ready address means that nobody can connect. */
async function addresses(
  { cluster }: ActionContext,
  { service, target: { namespace } }: AppsDatabase,
): Promise<{ ready: number; notReady: number }> {
  const counts = { ready: 0, notReady: 0 };
  const slices = { group: "discovery.k8s.io", resource: "endpointslices", namespace };
  for await (const item of cluster.objects.list(slices, {
    labelSelector: `kubernetes.io/service-name=${service}`,
  }))
    for (const { conditions } of Slice.parse(item).endpoints)
      counts[conditions.ready === false ? "notReady" : "ready"] += 1;
  return counts;
}

/** A pod of the database to ask in; null: none is ready. */
async function podOf({ cluster }: ActionContext, { target }: AppsDatabase): Promise<string | null> {
  const workload = await cluster.workload(target);
  const pods = { group: "", resource: "pods", namespace: target.namespace };
  for await (const item of cluster.objects.list(pods, { labelSelector: selectorOf(workload) })) {
    const pod = Pod.parse(item);
    if (isReady(pod)) return pod.metadata.name;
  }
  return null;
}

/** Whether the server itself takes connections; where the actor may not enter its pod, the addresses have to do. */
async function answers(context: ActionContext, database: AppsDatabase): Promise<Evidence> {
  const unasked = (why: string): Evidence => ({
    what: `Whether PostgreSQL answers was not asked: ${why}`,
    ok: null,
  });
  try {
    const pod = await podOf(context, database);
    if (pod === null) return { what: `No pod of ${database.target.name} is ready`, ok: false };
    const { code, stdout, stderr } = await context.cluster.objects.exec(
      { namespace: database.target.namespace, name: pod },
      ["pg_isready", "-U", database.user, "-d", database.name],
      { timeoutMs: execTimeoutMs },
    );
    const says = (stdout || stderr).trim().slice(0, 200) || `exit code ${code ?? "unknown"}`;
    return { what: `pg_isready in ${pod}: ${says}`, ok: code === 0 };
  } catch (error) {
    if (!isUserError(error)) throw error;
    return unasked(error.message);
  }
}

/**
 * Whether the app can reach its database: addresses behind the Service and the server's own word. An HTTP request to
 * PostgreSQL's port, as the runbook has it, fails whatever the state of the server.
 */
export const probeDatabase = defineProbe({
  name: "probe-database",
  params: z.strictObject({}),
  title: ({ app }) => `database of ${app.name}`,
  calls(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return [];
    const { namespace } = database.target;
    return [
      { verb: "list", group: "discovery.k8s.io", resource: "endpointslices", namespace },
      { verb: "list", group: "", resource: "pods", namespace },
      ...onWorkload(database.target, ["get"]),
      ...execCalls(namespace),
    ];
  },
  kubectl(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return [];
    const { namespace, kind, name } = database.target;
    return [
      `kubectl get endpointslices -n ${namespace} -l kubernetes.io/service-name=${database.service}`,
      `kubectl exec -n ${namespace} ${kind}/${name} -- pg_isready -U ${database.user} -d ${database.name}`,
    ];
  },

  async look(context) {
    const database = databaseOf(context);
    if (typeof database === "string") return { state: "unknown", detail: database };
    const [counts, answer] = await Promise.all([addresses(context, database), answers(context, database)]);
    const { app, service } = database;
    const what = `${service} has ${counts.ready} ready ${counts.ready === 1 ? "address" : "addresses"}${counts.notReady > 0 ? `, ${counts.notReady} not ready` : ""}`;
    // A server that refuses is as far away as one that is not there.
    const reachable = answer.ok === false ? 0 : counts.ready;
    return {
      state: "done",
      evidence: [{ what, ok: counts.ready > 0 }, answer],
      values: { app, service, ready: reachable, notReady: counts.notReady },
    };
  },
});

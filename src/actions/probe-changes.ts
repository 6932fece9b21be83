import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { subMilliseconds } from "date-fns/subMilliseconds";
import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { isUserError } from "../domain/errors.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { ActionContext } from "../engine/playbooks/action.ts";
import { isSince, type LookForChanges } from "./diagnose/changes/look.ts";
import { rolloutChanges } from "./diagnose/changes/rollouts.ts";
import { scaleChanges } from "./diagnose/changes/scaling.ts";
import { defineProbe } from "./diagnose/probe.ts";
import type { Change } from "./diagnose/seen.ts";

const Params = z.strictObject({
  within: Duration.default(86_400_000).describe("how long ago a change may be"),
});
type Params = z.infer<typeof Params>;

/** Those that are told of; its own go first. */
const most = 10;

const ConfigMap = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.string(),
    managedFields: z
      .array(z.object({ manager: z.string().default("somebody"), time: z.string().optional() }))
      .default([]),
  }),
});

const configuration: LookForChanges = async ({ cluster, target }, since) => {
  const found: Change[] = [];
  for await (const item of cluster.objects.list({
    group: "",
    resource: "configmaps",
    namespace: target.namespace,
  })) {
    const { metadata } = ConfigMap.parse(item);
    const [last] = metadata.managedFields
      .flatMap(({ manager, time }) => (time === undefined ? [] : [{ manager, time }]))
      .toSorted((a, b) => b.time.localeCompare(a.time));
    const at = last?.time ?? metadata.creationTimestamp;
    // Kubernetes puts it into each namespace by itself.
    if (metadata.name === "kube-root-ca.crt" || !isSince(at, since)) continue;
    const by = last === undefined ? "" : ` by ${cleanLine(last.manager)}`;
    found.push({ at, kind: "config", own: false, what: `ConfigMap ${metadata.name} changed${by}` });
  }
  return found;
};

const ownRuns: LookForChanges = async (context, since) =>
  (await context.recentRuns(context.environment.name, since)).map(
    ({ number, app: about, title, startedAt }) => ({
      at: startedAt.toISOString(),
      kind: "run",
      own: about === context.app.name,
      what: `R${number}: ${title}`,
    }),
  );

/** One that may not be seen takes none of the others with it. */
async function orWhyNot(
  look: LookForChanges,
  context: ActionContext,
  since: Date,
): Promise<Change[] | string> {
  try {
    return await look(context, since);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return error.message;
  }
}

/** What changed lately in the namespace: rollouts of every app, configuration, scaling, and what crai itself did. */
export const probeChanges = defineProbe<Params>({
  name: "probe-changes",
  params: Params,
  title: ({ target }) => `recent changes in ${target.namespace}`,
  calls: ({ target: { namespace } }) => [
    { verb: "list", group: "apps", resource: "replicasets", namespace },
    { verb: "list", group: "apps", resource: "deployments", namespace },
    { verb: "list", group: "", resource: "configmaps", namespace },
    { verb: "list", group: "", resource: "events", namespace },
  ],
  kubectl: ({ target }) => [
    `kubectl get replicasets -n ${target.namespace} --sort-by=.metadata.creationTimestamp`,
    `kubectl get events -n ${target.namespace} --field-selector=reason=ScalingReplicaSet`,
    `kubectl get configmaps -n ${target.namespace} --show-managed-fields -o yaml`,
  ],

  async look(context, { within }) {
    const since = subMilliseconds(context.now(), within);
    const looked = await Promise.all(
      [rolloutChanges, configuration, scaleChanges, ownRuns].map((look) => orWhyNot(look, context, since)),
    );
    const unseen = looked.filter((found) => typeof found === "string");
    const changes = looked
      .flatMap((found) => (typeof found === "string" ? [] : found))
      .toSorted((a, b) => Number(b.own) - Number(a.own) || b.at.localeCompare(a.at))
      .slice(0, most)
      .toSorted((a, b) => b.at.localeCompare(a.at));
    const evidence = changes.map(({ at, what }): Evidence => ({
      what: `${formatDuration(differenceInMilliseconds(context.now(), parseISO(at)))} ago: ${what}`,
      ok: null,
    }));
    const none: Evidence = { what: `Nothing changed in the last ${formatDuration(within)}`, ok: true };
    return {
      state: "done",
      evidence: [
        ...(evidence.length === 0 && unseen.length === 0 ? [none] : evidence),
        ...unseen.map((what) => ({ what: `Not seen: ${what}`, ok: null })),
      ],
      values: { changes },
    };
  },
});

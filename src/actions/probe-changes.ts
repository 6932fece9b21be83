import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { subMilliseconds } from "date-fns/subMilliseconds";
import { z } from "zod";
import { cleanLine } from "../domain/clean-text.ts";
import { Duration, formatDuration } from "../domain/deadline.ts";
import { isUserError } from "../domain/errors.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { ActionContext } from "../engine/playbooks/action.ts";
import { defineProbe } from "./diagnose/probe.ts";
import type { Change } from "./diagnose/seen.ts";

const Params = z.strictObject({
  within: Duration.default(86_400_000).describe("how long ago a change may be"),
});
type Params = z.infer<typeof Params>;

const most = 10;

const Owned = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).default([]),
  }),
  spec: z.object({
    template: z.object({
      spec: z.object({ containers: z.array(z.object({ image: z.string().default("") })) }),
    }),
  }),
});

const ConfigMap = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.string(),
    managedFields: z
      .array(z.object({ manager: z.string().default("somebody"), time: z.string().optional() }))
      .default([]),
  }),
});

const ScaleEvent = z.object({
  reason: z.string().default(""),
  message: z.string().default(""),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.object({ creationTimestamp: z.string().nullish() }),
  involvedObject: z.object({ kind: z.string().default(""), name: z.string().default("") }).prefault({}),
});

/** Timestamps tell seconds apart, and two revisions may be made within one. */
function revisionOf({ metadata }: z.infer<typeof Owned>): number {
  return Number(metadata.annotations["deployment.kubernetes.io/revision"]) || 0;
}

type Look = (context: ActionContext, since: Date) => Promise<Change[]>;

function isSince(at: string, since: Date): boolean {
  return at !== "" && parseISO(at) >= since;
}

function tag(image: string): string {
  return cleanLine(image.split("/").at(-1) ?? image).slice(0, 120);
}

/**
 * A new ReplicaSet is a new template of its Deployment. Going back to an old one is told by what crai has done.
 * A Deployment hands its change cause on to each new revision: one that the revision before it had, too, is not its own.
 */
const rollouts: Look = async ({ cluster, target }, since) => {
  const found: Change[] = [];
  const sets: z.infer<typeof Owned>[] = [];
  const listed = { group: "apps", resource: "replicasets", namespace: target.namespace };
  for await (const item of cluster.objects.list(listed)) sets.push(Owned.parse(item));
  const causes = new Map<string, string | undefined>();
  for (const { metadata, spec } of sets.toSorted((a, b) => revisionOf(a) - revisionOf(b))) {
    const owner = metadata.ownerReferences.find(({ kind }) => kind === "Deployment")?.name;
    if (owner === undefined) continue;
    const told = metadata.annotations["kubernetes.io/change-cause"];
    const cause = told === causes.get(owner) ? undefined : told;
    causes.set(owner, told);
    if (!isSince(metadata.creationTimestamp, since)) continue;
    const images = spec.template.spec.containers.map(({ image }) => tag(image)).join(", ");
    found.push({
      at: metadata.creationTimestamp,
      kind: "rollout",
      own: owner === target.name,
      what: `${owner} rolled out ${images}${cause === undefined ? "" : ` (${cleanLine(cause).slice(0, 120)})`}`,
    });
  }
  return found;
};

const configuration: Look = async ({ cluster, target }, since) => {
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

/** Scaling leaves no trace in the objects but an event, and an autoscaler one of its own. */
const scaling: Look = async ({ cluster, target }, since) => {
  const found: Change[] = [];
  const events = { group: "", resource: "events", namespace: target.namespace };
  for await (const item of cluster.objects.list(events, { fieldSelector: "reason=SuccessfulRescale" })) {
    const { reason, message, lastTimestamp, eventTime, metadata, involvedObject } = ScaleEvent.parse(item);
    const at = lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
    if (reason !== "SuccessfulRescale" || !isSince(at, since)) continue;
    const what = `${cleanLine(involvedObject.name)}: ${cleanLine(message).slice(0, 160)}`;
    found.push({ at, kind: "scale", own: involvedObject.name === target.name, what });
  }
  return found;
};

const ownRuns: Look = async (context, since) =>
  (await context.recentRuns(context.environment.name, since)).map(
    ({ number, app: about, title, startedAt }) => ({
      at: startedAt.toISOString(),
      kind: "run",
      own: about === context.app.name,
      what: `R${number}: ${title}`,
    }),
  );

/** One that may not be seen takes none of the others with it. */
async function orWhyNot(look: Look, context: ActionContext, since: Date): Promise<Change[] | string> {
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
    { verb: "list", group: "", resource: "configmaps", namespace },
    { verb: "list", group: "", resource: "events", namespace },
  ],
  kubectl: ({ target }) => [
    `kubectl get replicasets -n ${target.namespace} --sort-by=.metadata.creationTimestamp`,
    `kubectl get configmaps -n ${target.namespace} --show-managed-fields -o yaml`,
  ],

  async look(context, { within }) {
    const since = subMilliseconds(context.now(), within);
    const looked = await Promise.all(
      [rollouts, configuration, scaling, ownRuns].map((look) => orWhyNot(look, context, since)),
    );
    const unseen = looked.filter((found) => typeof found === "string");
    const changes = looked
      .flatMap((found) => (typeof found === "string" ? [] : found))
      .toSorted((a, b) => b.at.localeCompare(a.at))
      .slice(0, most);
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

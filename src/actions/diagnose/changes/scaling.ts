import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { parseISO } from "date-fns/parseISO";
import { z } from "zod";
import { cleanLine } from "../../../domain/clean-text.ts";
import { ownersOf } from "../../rollout/field-owners.ts";
import { fieldManager } from "../../rollout/write-template.ts";
import type { Change } from "../seen.ts";
import { isSince, type LookForChanges } from "./look.ts";

const Named = z.object({ metadata: z.object({ name: z.string() }) });

const Event = z.object({
  message: z.string().default(""),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
  metadata: z.object({ creationTimestamp: z.string().nullish() }),
  involvedObject: z.object({ name: z.string().default("") }).prefault({}),
});

interface Told {
  about: string;
  at: string;
  message: string;
}

/** Events of one reason, newest first. */
async function eventsOf(
  reason: string,
  { cluster, target }: Parameters<LookForChanges>[0],
  since: Date,
): Promise<Told[]> {
  const found: Told[] = [];
  const events = { group: "", resource: "events", namespace: target.namespace };
  for await (const item of cluster.objects.list(events, { fieldSelector: `reason=${reason}` })) {
    const { message, lastTimestamp, eventTime, metadata, involvedObject } = Event.parse(item);
    const at = lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
    if (isSince(at, since))
      found.push({ about: cleanLine(involvedObject.name), at, message: cleanLine(message) });
  }
  return found.toSorted((a, b) => b.at.localeCompare(a.at));
}

/** An autoscaler tells of what it does by an event. */
const byAutoscalers: LookForChanges = async (context, since) =>
  (await eventsOf("SuccessfulRescale", context, since)).map(({ about, at, message }) => ({
    at,
    kind: "scale",
    own: about === context.target.name,
    what: `${about}: ${message.slice(0, 160)}`,
  }));

/** Those that tell of it themselves: autoscalers by an event, crai by its runs. */
const told: ReadonlySet<string> = new Set([
  "kube-controller-manager",
  "horizontal-pod-autoscaler",
  fieldManager,
]);

/** Of 1.32 and of before. */
const scaled = /^Scaled (?:up|down) replica set (\S+) (?:from (\d+) to (\d+)|to (\d+) from (\d+))$/;

/** ms before and after it in which a rollout would scale another ReplicaSet too. */
const aroundRollout = 600_000;

/** The newest scaling of a Deployment that belongs to no rollout: of one ReplicaSet alone, which had pods before. */
function lastScaling(events: readonly Told[]): { at: string; from: number; to: number } | undefined {
  const all = events.flatMap(({ at, message }) => {
    const [, set, from, to, toBefore, fromBefore] = scaled.exec(message) ?? [];
    if (set === undefined) return [];
    return [{ set, at, from: Number(from ?? fromBefore), to: Number(to ?? toBefore) }];
  });
  const isNear = (a: string, b: string): boolean =>
    Math.abs(differenceInMilliseconds(parseISO(a), parseISO(b))) < aroundRollout;
  return all.find(
    ({ set, at, from }) => from > 0 && all.every((other) => other.set === set || !isNear(at, other.at)),
  );
}

/** The API server keeps who wrote the number, but not when, where that went through the scale subresource. */
const byHand: LookForChanges = async (context, since) => {
  const { cluster, target } = context;
  const found: Change[] = [];
  const events = await eventsOf("ScalingReplicaSet", context, since);
  for await (const raw of cluster.objects.list({
    group: "apps",
    resource: "deployments",
    namespace: target.namespace,
  })) {
    const [owner] = ownersOf(raw, "spec", "replicas");
    const { name } = Named.parse(raw).metadata;
    const scaling = lastScaling(events.filter(({ about }) => about === name));
    if (owner === undefined || told.has(owner.manager) || scaling === undefined) continue;
    found.push({
      at: scaling.at,
      kind: "scale",
      own: name === target.name,
      what: `${name} was scaled from ${scaling.from} to ${scaling.to} by ${cleanLine(owner.manager)}`,
    });
  }
  return found;
};

export const scaleChanges: LookForChanges = async (context, since) =>
  (await Promise.all([byAutoscalers(context, since), byHand(context, since)])).flat();

import { addMilliseconds } from "date-fns/addMilliseconds";
import { differenceInMilliseconds } from "date-fns/differenceInMilliseconds";
import { max } from "date-fns/max";
import { parseISO } from "date-fns/parseISO";
import type { Logger } from "pino";
import { type App, type Environment, type Target, targetOf } from "../../domain/app.ts";
import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import { formatDuration } from "../../domain/deadline.ts";
import type { Plan } from "../../domain/plan.ts";
import type { Button, Inline, View } from "../../domain/view.ts";
import type { Database, Queries } from "../../store/database.ts";
import { setDeadline } from "../../store/deadlines.ts";
import { incidentByNumber } from "../../store/incidents.ts";
import { runByNumber } from "../../store/runs.ts";
import type { Row } from "../../store/tables.ts";
import { appendEntry } from "../../store/timeline.ts";
import type { Cluster, Clusters, JsonObject } from "../ports.ts";
import { page } from "../page.ts";
import { say } from "../record.ts";

/** Something else that changed lately, and may be the cause. */
interface Suspect {
  what: string;
  at: Date;
  /** How to look closer. */
  look: Button | null;
}

/** ms before the trouble in which a change is looked for. */
const LOOK_BACK = 86_400_000;
/** Suspects that one message names, the likeliest first. */
const NAMED = 8;

export interface SuspectsOptions {
  db: Database;
  config: Pick<Config, "apps">;
  clusters: Pick<Clusters, "as">;
  wakeOutbox: () => void;
  now: Clock;
  log: Logger;
}

/** Has the suspects of a run that cured nothing looked for, once it has ended. */
async function askForSuspects(trx: Queries, { number, verdict, incident }: Row<"run">, now: Date) {
  if (verdict !== "not-cured" || incident === null) return;
  const key = `run:${number}:suspects`;
  await setDeadline(trx, { key, kind: "run.suspects", subject: { run: number }, dueAt: now });
}

/** Looks for suspects beside offering what a run's end offers. */
export function withSuspects(
  offers: (run: Row<"run">, plan: Plan) => Promise<Button[]>,
  { db, now }: Pick<SuspectsOptions, "db" | "now">,
): (run: Row<"run">, plan: Plan) => Promise<Button[]> {
  return async (run, plan) => {
    await askForSuspects(db, run, now());
    return offers(run, plan);
  };
}

function imageOf(template: JsonObject, container: string | undefined): string {
  const { spec } = template as { spec?: { containers?: { name?: string; image?: string }[] } };
  const containers = spec?.containers ?? [];
  return (containers.find(({ name }) => name === container) ?? containers[0])?.image ?? "an unknown image";
}

/** When an object was last written, as its field managers say. */
function writtenAt(object: JsonObject): Date | undefined {
  const { metadata } = object as {
    metadata?: { creationTimestamp?: string; managedFields?: { time?: string }[] };
  };
  const times = [metadata?.creationTimestamp, ...(metadata?.managedFields ?? []).map(({ time }) => time)];
  const known = times.filter((time) => time !== undefined).map((time) => parseISO(time));
  return known.length === 0 ? undefined : max(known);
}

async function rolloutOf(
  cluster: Cluster,
  [name, environment]: [string, Environment],
  environmentName: string,
): Promise<Suspect | undefined> {
  const workload = await cluster.workload(targetOf(environment));
  const current = (await cluster.revisions(workload)).find((revision) => revision.current);
  if (!current) return undefined;
  return {
    what: `${name} runs ${imageOf(current.template, environment.container)} (revision ${current.number})`,
    at: current.createdAt,
    look: { label: `Releases of ${name}`, command: `history ${name} --env ${environmentName}` },
  };
}

/** The ConfigMaps that the app itself is started with. Secrets are not looked at. */
async function configurationOf(cluster: Cluster, target: Target): Promise<Suspect[]> {
  const { template } = await cluster.workload(target);
  const references = await cluster.references(target.namespace, template);
  const names = references.filter(({ kind, exists }) => kind === "ConfigMap" && exists === true);
  const found = await Promise.all(
    names.map(async ({ name }): Promise<Suspect[]> => {
      const { namespace } = target;
      const object = await cluster.objects.get({ group: "", resource: "configmaps", namespace, name });
      const at = object === null ? undefined : writtenAt(object);
      return at === undefined ? [] : [{ what: `ConfigMap ${name} was written`, at, look: null }];
    }),
  );
  return found.flat();
}

function suspectsView(
  suspects: readonly Suspect[],
  { since, looked }: { since: Date; looked: number },
): View {
  const title = "What else changed lately";
  if (suspects.length === 0) {
    const text = `No other release and no ConfigMap of the app has changed in the 24h before it, as far as crai can see (${looked} looked at).`;
    return page(title, { type: "text", text });
  }
  const items = suspects.map(({ what, at }): Inline[] => {
    const ms = differenceInMilliseconds(since, at);
    return [`${what} since `, { time: at, as: "clock" }, `, ${apart(ms)} it was detected`];
  });
  const buttons = suspects.flatMap(({ look }) => look ?? []).slice(0, 5);
  return page(title, { type: "list", items }, buttons.length === 0 ? null : { type: "buttons", buttons });
}

function apart(ms: number): string {
  return `${formatDuration(Math.abs(ms))} ${ms >= 0 ? "before" : "after"}`;
}

/**
 * Names in the thread of a run that cured nothing what else changed before the trouble: the releases of other apps in
 * the same environment, and the app's own ConfigMaps. Reads as the observer; what it may not see is left out.
 */
export function createSuspects(options: SuspectsOptions): (run: number) => Promise<undefined> {
  const { db, config, clusters, wakeOutbox, now, log } = options;

  async function look<Found>(about: string, ask: () => Promise<Found>): Promise<Found | undefined> {
    try {
      return await ask();
    } catch (err) {
      log.info({ err, about }, "a suspect could not be looked at");
      return undefined;
    }
  }

  async function find(run: Row<"run">): Promise<Suspect[]> {
    const { app: name, environment } = run;
    if (name === null || environment === null) return [];
    const places = Object.entries(config.apps).flatMap(([app, { environments }]: [string, App]) => {
      const place = environments[environment];
      return place === undefined ? [] : [[app, place] as [string, Environment]];
    });
    const own = places.find(([app]) => app === name);
    const cluster = (place: Environment): Cluster => clusters.as({ kind: "observer" }, place.cluster);
    const releases = places
      .filter(([app]) => app !== name)
      .map(async (place) => look(place[0], () => rolloutOf(cluster(place[1]), place, environment)));
    const settings = own && look(name, () => configurationOf(cluster(own[1]), targetOf(own[1])));
    const found = [...(await Promise.all(releases)), ...((await settings) ?? [])];
    return found.filter((suspect) => suspect !== undefined);
  }

  return async (number) => {
    const run = await runByNumber(db, number);
    const incident = run?.incident == null ? undefined : await incidentByNumber(db, run.incident);
    if (!run || !incident) return undefined;
    const since = incident.detectedAt;
    const looked = await find(run);
    const earliest = addMilliseconds(since, -LOOK_BACK);
    const distance = ({ at }: Suspect): number => Math.abs(differenceInMilliseconds(since, at));
    const suspects = looked
      .filter(({ at }) => at >= earliest)
      .toSorted((a, b) => distance(a) - distance(b))
      .slice(0, NAMED);
    await db.transaction().execute(async (trx) => {
      const items = suspects.map(({ what, at }) => `${what} since ${at.toISOString()}`);
      await appendEntry(trx, {
        stream: `incident:${incident.number}`,
        at: now(),
        key: `run:${number}:suspects`,
        actor: { kind: "observer" },
        fact: { kind: "suspects.named", run: number, suspects: items },
      });
      const view = suspectsView(suspects, { since, looked: looked.length });
      await say(
        trx,
        { key: `run:${number}:suspects`, about: incident.number },
        { do: "post", channel: { incident: incident.number }, view, under: `run:${number}` },
        now(),
      );
    });
    wakeOutbox();
    return undefined;
  };
}

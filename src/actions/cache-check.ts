import { z } from "zod";
import { targetOf } from "../domain/app.ts";
import { cleanLine } from "../domain/clean-text.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { ActionContext, Observation } from "../engine/playbooks/action.ts";
import { defineProbe } from "./diagnose/probe.ts";
import { bytesText, percentText } from "./diagnose/texts.ts";

const timeoutMs = 8000;
const argv = ["redis-cli", "INFO"];

/** Under this, most requests pay for the question as well as for the answer. */
const fairHitRate = 0.5;
/** Questions from which on a rate says something. */
const enough = 100;

const Count = z.coerce.number().nonnegative();
/** What is read of `INFO`, in Redis's own names. */
const Info = z.object({
  redis_version: z.string().default("unknown"),
  connected_clients: Count.default(0),
  rejected_connections: Count.default(0),
  keyspace_hits: Count.default(0),
  keyspace_misses: Count.default(0),
  evicted_keys: Count.default(0),
  used_memory: Count.default(0),
  maxmemory: Count.default(0),
  maxmemory_policy: z.string().default("noeviction"),
});
type Info = z.infer<typeof Info>;

function parseInfo(text: string): Info {
  const pairs = text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const at = line.indexOf(":");
    return at > 0 && !line.startsWith("#") ? [[line.slice(0, at), cleanLine(line.slice(at + 1)).trim()]] : [];
  });
  return Info.parse(Object.fromEntries(pairs));
}

function hitRate({ keyspace_hits: hits, keyspace_misses: misses }: Info): Evidence {
  const asked = hits + misses;
  if (asked < enough) return { what: `Asked ${asked} times so far: too little to judge it`, ok: null };
  const rate = hits / asked;
  return rate >= fairHitRate
    ? { what: `It knew ${percentText(rate)} of what it was asked`, ok: true }
    : {
        what: `It knew only ${percentText(rate)} of what it was asked: look at what is cached, for how long, and by which key`,
        ok: false,
      };
}

function memory(info: Info): Evidence {
  const { used_memory: used, maxmemory: most, evicted_keys: evicted, maxmemory_policy: policy } = info;
  if (most === 0)
    return {
      what: `Memory ${bytesText(used)} without a limit: set maxmemory under the limit of its container`,
      ok: null,
    };
  const share = `Memory ${bytesText(used)} of ${bytesText(most)}`;
  if (policy === "noeviction" && used > most * 0.9)
    return { what: `${share}, and it throws nothing away: it will refuse to keep more`, ok: false };
  return evicted > 0
    ? {
        what: `${share}; ${evicted} keys were thrown away for room (${policy})`,
        ok: used < most * 0.9 ? null : false,
      }
    : { what: share, ok: true };
}

function cacheOf({ app, environment, settings }: ActionContext) {
  const name = app.diagnose?.cache?.app;
  if (name === undefined)
    return `Which cache ${app.name} has is not configured (apps.${app.name}.diagnose.cache in crai.yaml)`;
  const where = settings.apps[name]?.environments[environment.name];
  if (where === undefined)
    return `apps.${app.name}.diagnose.cache names ${name}, which is no app in ${environment.name}`;
  const target = targetOf(where);
  return target.cluster === environment.cluster
    ? target
    : `${name} is on ${target.cluster}, ${app.name} on ${environment.cluster}`;
}

/** Whether the app's Redis answers, and how well it does its work. */
export const cacheCheck = defineProbe({
  name: "cache-check",
  params: z.strictObject({}),
  title: ({ app }) => `cache of ${app.name}`,
  calls(context) {
    const target = cacheOf(context);
    if (typeof target === "string") return [];
    const { namespace } = target;
    return [
      { verb: "list", group: "", resource: "pods", namespace },
      { verb: "get", group: "", resource: "pods", subresource: "exec", namespace },
    ];
  },
  kubectl(context) {
    const target = cacheOf(context);
    if (typeof target === "string") return [];
    return [`kubectl exec -n ${target.namespace} ${target.kind}/${target.name} -- ${argv.join(" ")}`];
  },

  async look(context) {
    const target = cacheOf(context);
    if (typeof target === "string") return { state: "unknown", detail: target };
    const { cluster } = context;
    const pods = await cluster.pods(await cluster.workload(target));
    const pod = pods.find(({ ready, deleting }) => ready && !deleting);
    const away = (what: string): Observation => ({
      state: "failed",
      detail: what,
      evidence: [{ what, ok: false }],
    });
    if (pod === undefined) return away(`No pod of ${target.name} is ready`);
    const { code, stdout, stderr } = await cluster.objects.exec(
      { namespace: target.namespace, name: pod.name },
      argv,
      { timeoutMs },
    );
    const says = cleanLine((stderr || stdout).trim()).slice(0, 200) || `exit code ${code ?? "unknown"}`;
    // Redis says also what it refuses with exit code 0.
    if (code !== 0 || !/^redis_version:/m.test(stdout))
      return away(`Redis in ${pod.name} does not answer: ${says}`);
    const info = parseInfo(stdout);
    const rejected = info.rejected_connections;
    return {
      state: "done",
      evidence: [
        {
          what: `Redis ${info.redis_version} in ${pod.name} answers; ${info.connected_clients} clients`,
          ok: true,
        },
        hitRate(info),
        memory(info),
        ...(rejected === 0 ? [] : [{ what: `${rejected} connections were refused (maxclients)`, ok: false }]),
      ],
      values: { hits: info.keyspace_hits, misses: info.keyspace_misses, evicted: info.evicted_keys },
    };
  },
});

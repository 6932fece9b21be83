import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { type BaseContext, defineAction } from "../engine/playbooks/action.ts";
import { callsOn, countsOf, scaleAll, whyNotScaled, writersOf } from "./database/writers.ts";
import { kubectl } from "./rollout/kubectl.ts";

const Replicas = z.record(z.string(), z.int().min(0).max(1000));
const Params = z.strictObject({
  of: z.string().describe("the app that is the database"),
  replicas: Replicas.nullable()
    .default(null)
    .describe("pods of each app; default: what the step that stopped them has recorded"),
});

type StartState = { of: string; replicas: Record<string, number> };

function recorded({ before }: Pick<BaseContext, "before">): Record<string, number> {
  const stop = before.findLast(({ action }) => action === "writers-stop");
  if (stop !== undefined) return z.object({ replicas: Replicas }).parse(stop.state).replicas;
  throw new UserError("It is not known how many pods the writers had.", {
    why: "No step before this one stopped them.",
    next: "Whoever keeps the playbook puts `writers-stop` in front.",
  });
}

/** Scales the apps that write to a database up to what they had. */
export const writersStart = defineAction<z.infer<typeof Params>, StartState, "environment">({
  name: "writers-start",
  scope: "environment",
  params: Params,
  permission: "workload:scale",

  async plan({ of, replicas: given }, context) {
    const replicas = given ?? recorded(context);
    const places = writersOf(of, context).filter(({ app }) => Object.hasOwn(replicas, app.name));
    const names = places.map(({ app }) => app.name);
    const who = names.length === 0 ? "nobody" : names.join(" and ");
    return {
      title: `start ${who} again`,
      calls: callsOn(places),
      facts: [],
      diff: null,
      kubectl: places.map(({ app, target }) =>
        kubectl(target, "scale", `${target.kind}/${target.name}`, `--replicas=${replicas[app.name]}`),
      ),
      warnings: [],
      fingerprint: digest([of, replicas]),
      inverse: { action: "writers-stop", title: `Stop ${who}`, with: { of } },
      apps: names.length === 0 ? [of] : names,
      targets: places.map(({ target }) => target),
      state: { of, replicas },
    };
  },

  async apply({ of, replicas }, context) {
    const stopped: Parameters<typeof scaleAll>[1][number][] = [];
    for (const place of writersOf(of, context)) {
      const wanted = replicas[place.app.name] ?? 0;
      // Started by somebody else meanwhile: their number counts.
      const { replicas: now } = await context.cluster.workload(place.target);
      if (wanted > 0 && now === 0) stopped.push({ place, replicas: wanted });
    }
    await scaleAll(context, stopped);
  },

  async observe({ of, replicas }, context) {
    const waiting: string[] = [];
    const started: string[] = [];
    for (const place of writersOf(of, context)) {
      const { app, target } = place;
      const wanted = replicas[app.name] ?? 0;
      if (wanted === 0) continue;
      const workload = await context.cluster.workload(target);
      const { ready } = countsOf(workload);
      const text = `${app.name} ${ready} of ${workload.replicas} ready`;
      if (workload.replicas > 0 && ready >= workload.replicas) started.push(text);
      else if (workload.replicas === 0 && context.inHand?.acted() === true) {
        const why = await whyNotScaled(context, place, wanted);
        if (why !== null)
          return { state: "failed", detail: `${app.name} was not started. ${why}`, evidence: [] };
        const detail = `${app.name} has no pods: it was not started, or somebody scaled it down to 0 again`;
        return { state: "diverged", detail };
      } else waiting.push(text);
    }
    if (waiting.length > 0) return { state: "pending", detail: waiting.join(", ") };
    return {
      state: "done",
      evidence: [
        {
          what: started.length === 0 ? "Nobody had to be started" : `Started: ${started.join(", ")}`,
          ok: true,
        },
      ],
    };
  },
});

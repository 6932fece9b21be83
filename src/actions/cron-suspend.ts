import { z } from "zod";
import { PlanDrifted, UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import type { ObjectRef } from "../engine/ports.ts";
import { fieldManager } from "./rollout/write-template.ts";

const Params = z.strictObject({
  cronjob: z.string().describe("name of the CronJob, in the app's namespace"),
  suspend: z.boolean().default(true).describe("false: it starts Jobs again"),
});

type SuspendState = { cronjob: string; uid: string; suspend: boolean };

const CronJob = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  spec: z.object({ schedule: z.string(), suspend: z.boolean().default(false) }),
  status: z.object({ active: z.array(z.object({ name: z.string() })).default([]) }).prefault({}),
});

function refOf(cronjob: string, { target }: ActionContext): ObjectRef {
  return { group: "batch", version: "v1", resource: "cronjobs", namespace: target.namespace, name: cronjob };
}

async function find(cronjob: string, context: ActionContext) {
  const raw = await context.cluster.objects.get(refOf(cronjob, context));
  return raw === null ? null : CronJob.parse(raw);
}

/** Keeps a CronJob from starting Jobs, or lets it again; what it was before is the undo. */
export const cronSuspend = defineAction<z.infer<typeof Params>, SuspendState>({
  name: "cron-suspend",
  params: Params,
  permission: "app:contain",

  async plan({ cronjob, suspend }, context) {
    const { cluster, namespace } = context.target;
    const found = await find(cronjob, context);
    if (found === null)
      throw new UserError(`There is no CronJob ${cronjob}.`, {
        why: `The namespace ${namespace} has none of this name.`,
        next: `\`kubectl get cronjobs -n ${namespace}\` lists them.`,
      });
    const { metadata, spec, status } = found;
    const already = spec.suspend === suspend;
    const running = status.active.map(({ name }) => name);
    return {
      title: `${suspend ? "Suspend" : "Resume"} the CronJob ${cronjob}`,
      calls: (["get", "patch"] as const).map((verb) => ({ cluster, verb, ...refOf(cronjob, context) })),
      facts: [
        { label: "CronJob", value: `${cronjob} (${spec.schedule}): suspend ${spec.suspend} → ${suspend}` },
      ],
      diff: null,
      kubectl: [
        `kubectl patch cronjob ${cronjob} -n ${namespace} --type merge -p '{"spec":{"suspend":${suspend}}}'`,
      ],
      warnings: [
        ...(already
          ? [
              {
                level: "block" as const,
                text: `There is nothing to do: ${cronjob} is ${suspend ? "suspended" : "not suspended"} already.`,
              },
            ]
          : []),
        ...(suspend && running.length > 0
          ? [{ level: "warn" as const, text: `Jobs that run already go on: ${running.join(", ")}.` }]
          : []),
      ],
      fingerprint: digest([metadata.uid, spec.suspend]),
      inverse: {
        action: "cron-suspend",
        title: `${suspend ? "Resume" : "Suspend"} the CronJob ${cronjob}`,
        with: { cronjob, suspend: spec.suspend },
      },
      state: { cronjob, uid: metadata.uid, suspend },
      targets: [],
    };
  },

  async apply({ cronjob, uid, suspend }, context) {
    const found = await find(cronjob, context);
    if (found?.metadata.uid !== uid) throw new PlanDrifted(`${cronjob} was deleted and made again`);
    if (found.spec.suspend === suspend) return;
    const { resourceVersion } = found.metadata;
    await context.cluster.objects.patch(refOf(cronjob, context), {
      type: "merge",
      body: { metadata: { uid, resourceVersion }, spec: { suspend } },
      fieldManager,
    });
  },

  async observe({ cronjob, uid, suspend }, context) {
    const found = await find(cronjob, context);
    if (found?.metadata.uid !== uid)
      return { state: "diverged", detail: `${cronjob} was deleted and made again` };
    if (found.spec.suspend !== suspend) return { state: "pending", detail: `${cronjob} is as it was` };
    return {
      state: "done",
      evidence: [{ what: `${cronjob} is ${suspend ? "suspended" : "resumed"}`, ok: true }],
    };
  },
});

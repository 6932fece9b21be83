import { differenceInHours } from "date-fns/differenceInHours";
import { z } from "zod";
import type { Evidence } from "../domain/timeline.ts";
import { all, defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  jobs: z.array(z.string().min(1)).min(1).default(["postgres-backup"]).describe("the CronJobs that back up"),
  hours: z.int().min(1).default(26).describe("how long ago the last good backup may be"),
});
type Params = z.infer<typeof Params>;

const CronJob = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ suspend: z.boolean().default(false) }).prefault({}),
  status: z.object({ lastSuccessfulTime: z.coerce.date().optional() }).prefault({}),
});
type CronJob = z.infer<typeof CronJob>;

const cronJobs = { group: "batch", version: "v1", resource: "cronjobs" };

function evidenceOf(name: string, found: CronJob | undefined, hours: number, now: Date): Evidence {
  if (found === undefined) return { what: `There is no CronJob ${name}`, ok: false };
  if (found.spec.suspend) return { what: `${name} is suspended`, ok: false };
  const last = found.status.lastSuccessfulTime;
  if (last === undefined) return { what: `${name} has never succeeded`, ok: false };
  const ago = differenceInHours(now, last);
  return { what: `${name} last succeeded ${ago} hours ago (at most ${hours})`, ok: ago <= hours };
}

/** Whether the backups of the environment were made lately. */
export const backupCheck = defineCheck<Params>({
  name: "backup-check",
  params: Params,
  title: ({ jobs }) => `last backup by ${jobs.join(", ")}`,
  calls: (_, { namespaces }) =>
    namespaces.map((namespace) => ({ verb: "list" as const, ...cronJobs, namespace })),
  async look({ jobs, hours }, { cluster, namespaces, now }) {
    const found: CronJob[] = [];
    for (const namespace of namespaces)
      for (const item of await all(cluster.objects, { ...cronJobs, namespace }))
        found.push(CronJob.parse(item));
    return jobs.map((name) =>
      evidenceOf(
        name,
        found.find(({ metadata }) => metadata.name === name),
        hours,
        now(),
      ),
    );
  },
});

import { subMilliseconds } from "date-fns/subMilliseconds";
import { z } from "zod";
import { Duration, formatDuration } from "../domain/deadline.ts";
import type { Evidence } from "../domain/timeline.ts";
import type { RecentAlert } from "../engine/playbooks/action.ts";
import { defineCheck } from "./preflight/define-check.ts";

const Params = z.strictObject({
  since: z.union([z.int(), Duration]).default(86_400_000).describe("how far back is looked"),
  levels: z
    .array(z.enum(["critical", "warning", "info"]))
    .min(1)
    .default(["critical", "warning"])
    .describe("alerts of these levels"),
});
type Params = z.infer<typeof Params>;

/** `api HighErrorRate ×3, fires` */
function evidenceOf(alerts: readonly RecentAlert[]): Evidence {
  const { app, title, level } = alerts[0]!;
  const times = alerts.length === 1 ? "" : ` ×${alerts.length}`;
  const state = alerts.some(({ firing }) => firing) ? "fires" : "is over";
  const isNamed = app === null || title.toLowerCase().startsWith(`${app.toLowerCase()} `);
  return { what: `${isNamed ? "" : `${app} `}${title}${times} (${level}) ${state}`, ok: false };
}

/** Which alerts have come. Those of security incidents and breaches are told of to their members only, and never here. */
export const alertsCheck = defineCheck<Params>({
  name: "alerts-check",
  params: Params,
  title: ({ since }) => `alerts of the last ${formatDuration(since)}`,
  calls: () => [],
  async look({ since, levels }, context) {
    const { environment, now } = context;
    const all = await context.recentAlerts(environment, subMilliseconds(now(), since));
    const found = all.filter(({ level }) => levels.some((one) => one === level));
    if (found.length === 0)
      return [{ what: `No ${levels.join(" or ")} alert in the last ${formatDuration(since)}`, ok: true }];
    return [...Map.groupBy(found, ({ app, title }) => JSON.stringify([app, title])).values()].map(evidenceOf);
  },
});

import { UserError } from "../../domain/errors.ts";
import { everyPanel, type Panel, panelsOfDashboard } from "../../engine/monitoring/panels.ts";
import type { EnvironmentContext } from "../../engine/playbooks/action.ts";

/** What dashboards show of one environment; without names, all of them. Throws a UserError for a name that is none. */
export function panelsHere(
  { settings, environment, clusterName }: EnvironmentContext,
  names: readonly string[] | null,
): Panel[] {
  const known = Object.keys(settings.dashboards);
  const unknown = names?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0)
    throw new UserError(`There is no dashboard ${unknown.join(", ")}.`, {
      why: `crai.yaml has ${known.join(", ") || "none"} under \`dashboards\`.`,
      next: "Add it there, or correct the playbook.",
    });
  const all =
    names === null ? everyPanel(settings) : names.flatMap((name) => panelsOfDashboard(settings, name));
  return all.filter(
    ({ cluster, environment: of }) => cluster === clusterName && (of === null || of === environment),
  );
}

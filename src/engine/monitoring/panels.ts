import type { Metric } from "../../domain/app.ts";
import type { Config } from "../../domain/config.ts";

/** One metric to look at, with whom it belongs to and which Prometheus knows it. */
export interface Panel {
  title: string;
  query: string;
  unit: Metric["unit"];
  below: number | null;
  above: number | null;
  /** null: of no one app. */
  app: string | null;
  environment: string | null;
  cluster: string;
}

type Measured = Pick<Config, "apps" | "clusters" | "dashboards">;

type Measure = Pick<Metric, "title" | "query" | "unit" | "below" | "above">;

function panelOf(
  { title, query, unit, below, above }: Measure,
  at: Pick<Panel, "app" | "environment" | "cluster">,
): Panel {
  return { title, query, unit, below: below ?? null, above: above ?? null, ...at };
}

/** Where an app is measured unless somebody says otherwise. */
function firstEnvironment({ apps, clusters }: Measured, app: string | null) {
  const [environment, first] = Object.entries(apps[app ?? ""]?.environments ?? {})[0] ?? [null];
  return { app, environment, cluster: first?.cluster ?? Object.keys(clusters)[0] ?? "" };
}

/** A dashboard's own panels, and of the apps' metrics those it names. The name is one of `dashboards`. */
export function panelsOfDashboard(config: Measured, name: string): Panel[] {
  const { metrics, panels } = config.dashboards[name]!;
  const borrowed = metrics.flatMap((of) => {
    const [app, key] = of.split("/") as [string, string];
    const metric = config.apps[app]?.metrics[key];
    return metric === undefined ? [] : [panelOf(metric, firstEnvironment(config, app))];
  });
  const own = Object.values(panels).map(({ app = null, cluster, ...metric }) => {
    const at = firstEnvironment(config, app);
    return panelOf(metric, cluster === undefined ? at : { ...at, cluster });
  });
  return [...borrowed, ...own];
}

/** The same metric may be on several dashboards. */
function once(panels: readonly Panel[]): Panel[] {
  const byQuery = new Map(panels.map((panel) => [JSON.stringify([panel.cluster, panel.query]), panel]));
  return [...byQuery.values()];
}

/** An app's own metrics, then what dashboards show of it. */
export function panelsOfApp(config: Measured, name: string, environment: string): Panel[] {
  const { metrics, environments } = config.apps[name]!;
  const { cluster } = environments[environment]!;
  const own = Object.values(metrics).map((metric) => panelOf(metric, { app: name, environment, cluster }));
  const shown = everyDashboard(config).filter((panel) => panel.app === name && panel.cluster === cluster);
  return once([...own, ...shown]);
}

function everyDashboard(config: Measured): Panel[] {
  return Object.keys(config.dashboards).flatMap((name) => panelsOfDashboard(config, name));
}

/** What all dashboards show; without any, the metrics of all apps. */
export function everyPanel(config: Measured): Panel[] {
  if (Object.keys(config.dashboards).length > 0) return once(everyDashboard(config));
  return Object.entries(config.apps).flatMap(([name, { metrics }]) =>
    Object.values(metrics).map((metric) => panelOf(metric, firstEnvironment(config, name))),
  );
}

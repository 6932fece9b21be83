import { intlFormatDistance } from "date-fns/intlFormatDistance";
import { targetKey, targetOf } from "../src/domain/app.ts";
import { templateDigest } from "../src/domain/pod-template.ts";
import { appOf, environmentOf } from "../src/engine/commands/apps.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { imagesOf } from "../src/engine/commands/images.ts";
import { page, table } from "../src/engine/page.ts";
import { healthOf } from "../src/store/health.ts";
import type { Row } from "../src/store/tables.ts";

function healthText(known: Row<"revision_health"> | undefined): string {
  if (known?.bad_at && (known.healthy_at === null || known.bad_at > known.healthy_at))
    return `bad: ${known.bad_why ?? "seen unwell"}`;
  return known?.healthy_at ? "healthy" : "not recorded";
}

export const history: Command = {
  name: "history",
  usage: "history [app] [--env <environment>]",
  summary: "The releases a workload can go back to, with their recorded health",
  examples: ["history api"],
  permission: "workload:read",
  positionals: ["app"],
  flags: { env: { type: "string" } },
  scope: (args, { incident }, { config }) => {
    const app = appOf(config.apps, args["app"], incident).name;
    return { app, environment: environmentOf(config.apps, { app, environment: args["env"] }, incident) };
  },
  async run(args, { actor, incident, now }, { config, db, clusters }) {
    const app = appOf(config.apps, args["app"], incident);
    const environment = environmentOf(config.apps, { app: app.name, environment: args["env"] }, incident);
    const target = targetOf(app.environments[environment]!);
    const cluster = clusters.as(actor, target.cluster);
    const revisions = await cluster.revisions(await cluster.workload(target));
    const health = new Map((await healthOf(db, targetKey(target))).map((row) => [row.template, row]));
    const rows = revisions
      .toReversed()
      .map((revision) => [
        `${revision.number}${revision.current ? " (now)" : ""}`,
        imagesOf(revision.template),
        intlFormatDistance(revision.createdAt, now(), { locale: "en" }),
        healthText(health.get(templateDigest(revision.template))),
        revision.changeCause ?? "",
      ]);
    return {
      to: "asker",
      view: page(
        `Releases of ${app.title} in ${environment}`,
        table(["Revision", "Image", "Made", "Health", "Change"], rows),
      ),
    };
  },
};

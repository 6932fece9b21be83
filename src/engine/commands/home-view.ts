import type { Person } from "../../domain/actor.ts";
import type { Block, Text, View } from "../../domain/view.ts";
import { listIncidents } from "../../store/incidents.ts";
import { listRuns } from "../../store/runs.ts";
import { page } from "../page.ts";
import { runSummary } from "../runs/run-view.ts";
import { seenRuns } from "../runs/seen-runs.ts";
import type { UseCases } from "../use-cases.ts";
import { visibleTo } from "../visible.ts";

/** Nobody else looks at a Home tab, yet it is no incident's channel: confidential incidents are on none. */
const audience = { channel: null };

/** What a person may see anywhere: the open outages and the latest runs of the apps they may look at. */
export async function homeView(
  { db, authorizer }: Pick<UseCases, "db" | "authorizer">,
  by: Person,
): Promise<View> {
  const all = await listIncidents(db, { status: ["open", "mitigated"], audience, limit: 20 });
  const incidents = await visibleTo(authorizer, by, "incident:read", all);
  const runs = await seenRuns(db, authorizer, by, await listRuns(db, { audience, limit: 10 }));
  const open: Text[] = incidents.map(({ severity, status, title, channel, channelName }) => [
    `${severity} ${status}: ${title} `,
    channel === null ? `#${channelName}` : { channel, name: channelName },
  ]);
  const done: Text[] = runs.map(({ run, plan }) => runSummary(run, plan));
  const list = (items: Text[], none: string): Block =>
    items.length === 0 ? { type: "text", text: none } : { type: "list", items };
  return page(
    "crai",
    { type: "text", text: [{ bold: "Open incidents" }] },
    list(open, "None."),
    { type: "text", text: [{ bold: "Latest runs" }] },
    list(done, "Nothing has been run yet."),
    { type: "note", text: ["Type ", { code: "/crai help" }, " in any channel to see what you may do."] },
  );
}

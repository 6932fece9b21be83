import { isConfidential } from "../domain/incident.ts";
import type { Block, Text, View } from "../domain/view.ts";
import type { Database } from "../store/database.ts";
import { listIncidents } from "../store/incidents.ts";
import { planByNumber } from "../store/plans.ts";
import { listRuns } from "../store/runs.ts";
import { page } from "./page.ts";
import { runSummary } from "./run-view.ts";

/** What everybody may see on their Home tab: open outages and the latest runs. Confidential incidents are not on it. */
export async function homeView(db: Database): Promise<View> {
  const incidents = (await listIncidents(db, { status: ["open", "mitigated"], limit: 20 })).filter(
    ({ kind }) => !isConfidential(kind),
  );
  const confidential = new Set(
    (await listIncidents(db, { limit: 200 }))
      .filter(({ kind }) => isConfidential(kind))
      .map(({ number }) => number),
  );
  const runs = (await listRuns(db, { limit: 10 })).filter(
    ({ incident }) => incident === null || !confidential.has(incident),
  );
  const plans = await Promise.all(runs.map((run) => planByNumber(db, run.plan)));
  const open: Text[] = incidents.map(({ severity, status, title, channel, channelName }) => [
    `${severity} ${status}: ${title} `,
    channel === null ? `#${channelName}` : { channel, name: channelName },
  ]);
  const done: Text[] = runs.flatMap((run, index) => {
    const plan = plans[index]?.plan;
    return plan === undefined ? [] : [runSummary(run, plan)];
  });
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

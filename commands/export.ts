import { createHash } from "node:crypto";
import type { Incident } from "../src/domain/incident.ts";
import type { TimelineEntry } from "../src/domain/timeline.ts";
import type { Attachment } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { incidentOf } from "../src/engine/commands/incident-of.ts";
import type { PostMortemCharts } from "../src/engine/incidents/postmortem/charts-section.ts";
import { incidentChart } from "../src/engine/incidents/postmortem/incident-chart.ts";
import { renderPostMortem, withoutLastExports } from "../src/engine/incidents/postmortem/postmortem.ts";
import type { UseCases } from "../src/engine/use-cases.ts";
import { incidentByNumber } from "../src/store/incidents.ts";
import { appendEntry, readStream } from "../src/store/timeline.ts";

interface Drawn {
  charts: PostMortemCharts;
  picture: Attachment[];
}

/** The app's metrics around the incident, with their picture. Nothing that fails here keeps the document back. */
async function draw(
  incident: Incident,
  entries: readonly TimelineEntry[],
  { readings, charts }: UseCases,
): Promise<Drawn> {
  const until = incident.resolvedAt ?? entries.at(-1)?.at ?? incident.openedAt;
  const found = await readings.of(incident, until);
  if (found === null || "why" in found) return { charts: found, picture: [] };
  const filename = `post-mortem-${incident.channelName}.png`;
  try {
    const png = await charts.png(incidentChart(incident, entries, found.kept));
    const title = `Metrics around ${incident.channelName}`;
    return {
      charts: { picture: filename, readings: found.kept },
      picture: [{ filename, title, content: png.toString("base64"), encoding: "base64" }],
    };
  } catch {
    return { charts: { picture: null, readings: found.kept }, picture: [] };
  }
}

export const exportPostMortem: Command = {
  name: "export",
  usage: "export [--incident <number>]",
  summary: "The incident's post-mortem as a Markdown file with a chart, to be edited and handed on",
  examples: ["export", "export --incident 12"],
  permission: "timeline:export",
  positionals: [],
  flags: {},
  async run(_args, context, uses) {
    const { number } = incidentOf(context);
    const { invocation, actor, now } = context;
    const { db } = uses;
    const incident = (await incidentByNumber(db, number))!;
    const entries = withoutLastExports(await readStream(db, `incident:${number}`));
    const { charts, picture } = await draw(incident, entries, uses);
    const content = renderPostMortem(incident, entries, charts);
    const sha256 = createHash("sha256").update(content).digest("hex");
    await db.transaction().execute((trx) =>
      appendEntry(trx, {
        stream: `incident:${number}`,
        at: now(),
        key: `export:${invocation.id}`,
        actor,
        fact: { kind: "export.made", format: "Markdown", sha256 },
      }),
    );
    const filename = `post-mortem-${incident.channelName}.md`;
    const note = `Lines marked ✎ are yours to write. SHA-256 ${sha256.slice(0, 16)}…, also on the timeline.`;
    return {
      to: invocation.place.channel === incident.channel ? "channel" : "asker",
      view: {
        summary: `Post-mortem of ${incident.channelName}: ${filename}`,
        blocks: [
          { type: "text", text: [{ bold: "Post-mortem" }, ` of ${incident.channelName}: ${filename}`] },
          { type: "note", text: note },
        ],
      },
      attachments: [{ filename, title: `Post-mortem of ${incident.channelName}`, content }, ...picture],
    };
  },
};

import { type Incident, isConfidential } from "../src/domain/incident.ts";
import type { TimelineEntry } from "../src/domain/timeline.ts";
import type { Attachment } from "../src/domain/view.ts";
import type { Command, CommandContext } from "../src/engine/commands/command.ts";
import type { Reply } from "../src/engine/commands/invocation.ts";
import { evidenceArchive } from "../src/engine/incidents/evidence-archive.ts";
import { page } from "../src/engine/page.ts";
import { UserError } from "../src/domain/errors.ts";
import { sha256 } from "../src/domain/evidence.ts";
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

/** Evidence holds all that was to be seen, values too: it goes to the incident's members alone, or to a terminal. */
async function exportEvidence(context: CommandContext, { db }: UseCases): Promise<Reply> {
  const { invocation, actor, now } = context;
  const incident = incidentOf(context);
  const { number, channelName, kind } = incident;
  const { surface, channel } = invocation.place;
  if (surface !== "cli" && !(isConfidential(kind) && channel === incident.channel))
    throw new UserError("Evidence is not handed out here.", {
      why: "It holds what was in the pods as it was, and others read this channel.",
      next: `In a terminal: \`crai export --evidence --incident ${number} --out evidence.tar.gz\`${isConfidential(kind) ? ", or in the incident's own channel" : ""}.`,
    });
  const stream = `incident:${number}` as const;
  const archive = await evidenceArchive(db, incident, await readStream(db, stream));
  if (archive === null)
    throw new UserError("There is no evidence to export.", {
      why: `Nothing was collected in ${channelName}.`,
      next: "`evidence <app>` in the incident's channel collects it.",
    });
  const { content, files } = archive;
  const hash = sha256(content);
  const fact = { kind: "evidence.exported", files, sha256: hash } as const;
  await db
    .transaction()
    .execute((trx) => appendEntry(trx, { stream, at: now(), key: `evidence:${invocation.id}`, actor, fact }));
  const filename = `evidence-${channelName}.tar.gz`;
  return {
    to: "channel",
    view: page(`Evidence of ${channelName}`, {
      type: "note",
      text: `${filename}, ${files} files. SHA-256 ${hash}, also on the timeline with who exported it.`,
    }),
    attachments: [
      {
        filename,
        title: `Evidence of ${channelName}`,
        content: content.toString("base64"),
        encoding: "base64",
      },
    ],
  };
}

export const exportPostMortem: Command = {
  name: "export",
  usage: "export [--evidence] [--incident <number>]",
  summary:
    "The incident's post-mortem as a Markdown file with a chart; or the evidence kept in it, as an archive",
  examples: ["export", "export --incident 12", "export --evidence"],
  permission: "timeline:export",
  permissionOf: ({ evidence }) => (evidence === "true" ? "evidence:export" : "timeline:export"),
  positionals: [],
  flags: { evidence: { type: "boolean" } },
  async run(args, context, uses) {
    if (args["evidence"] === "true") return exportEvidence(context, uses);
    const { number } = incidentOf(context);
    const { invocation, actor, now } = context;
    const { db } = uses;
    const incident = (await incidentByNumber(db, number))!;
    const entries = withoutLastExports(await readStream(db, `incident:${number}`));
    const { charts, picture } = await draw(incident, entries, uses);
    const content = renderPostMortem(incident, entries, charts);
    const hash = sha256(content);
    await db.transaction().execute((trx) =>
      appendEntry(trx, {
        stream: `incident:${number}`,
        at: now(),
        key: `export:${invocation.id}`,
        actor,
        fact: { kind: "export.made", format: "Markdown", sha256: hash },
      }),
    );
    const filename = `post-mortem-${incident.channelName}.md`;
    const note = `Lines marked ✎ are yours to write. SHA-256 ${hash.slice(0, 16)}…, also on the timeline.`;
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

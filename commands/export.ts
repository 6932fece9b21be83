import { createHash } from "node:crypto";
import type { Command } from "../src/engine/commands/command.ts";
import { incidentOf } from "../src/engine/commands/incident-of.ts";
import { renderPostMortem } from "../src/engine/incidents/postmortem/postmortem.ts";
import { incidentByNumber } from "../src/store/incidents.ts";
import { appendEntry, readStream } from "../src/store/timeline.ts";

export const exportPostMortem: Command = {
  name: "export",
  usage: "export [--incident <number>]",
  summary: "The incident's post-mortem as a Markdown file, to be edited and handed on",
  examples: ["export", "export --incident 12"],
  permission: "timeline:export",
  positionals: [],
  flags: {},
  async run(_args, context, { db }) {
    const { number } = incidentOf(context);
    const { invocation, actor, now } = context;
    const exported = await db.transaction().execute(async (trx) => {
      const incident = (await incidentByNumber(trx, number))!;
      const content = renderPostMortem(incident, await readStream(trx, `incident:${number}`));
      const sha256 = createHash("sha256").update(content).digest("hex");
      await appendEntry(trx, {
        stream: `incident:${number}`,
        at: now(),
        key: `export:${invocation.id}`,
        actor,
        fact: { kind: "export.made", format: "Markdown", sha256 },
      });
      return { content, sha256, incident };
    });
    const { content, sha256, incident } = exported;
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
      attachments: [{ filename, title: `Post-mortem of ${incident.channelName}`, content }],
    };
  },
};

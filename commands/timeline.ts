import type { TimelineEntry } from "../src/domain/timeline.ts";
import type { Block, Inline, Text } from "../src/domain/view.ts";
import type { Command } from "../src/engine/commands/command.ts";
import { entryText } from "../src/engine/incidents/entry-text.ts";
import { withCode } from "../src/engine/commands/refusal-view.ts";
import { incidentOf } from "../src/engine/commands/incident-of.ts";
import { page } from "../src/engine/page.ts";
import { actorInline } from "../src/engine/people.ts";
import { isTold } from "../src/engine/incidents/postmortem/timeline.ts";
import { readStream } from "../src/store/timeline.ts";

/** Entries shown in the answer itself; the rest stands below it. */
const RECENT = 50;
/** Characters of what somebody wrote; the post-mortem has all of it. */
const QUOTED = 300;

function shorten(text: string): string {
  const single = text.replaceAll(/\s+/g, " ").trim();
  return single.length <= QUOTED ? single : `${single.slice(0, QUOTED)}…`;
}

function entryLine({ seq, at, ...entry }: TimelineEntry): Text {
  const { subject, what, quoted, link } = entryText(entry);
  const items: Inline[] = [
    { code: at.toISOString().slice(11, 19) },
    ` ${seq}. `,
    typeof subject === "string" ? subject : actorInline(subject),
    ` ${shorten(what)}`,
    ...(quoted === null ? [] : [`: ${shorten(quoted)}`]),
    ...(link === null ? [] : [" ", { link, text: "link" }]),
  ];
  return items;
}

/** Under a date each, because incidents outlive midnight. */
function byDate(entries: readonly TimelineEntry[]): Block[] {
  const days = Map.groupBy(entries, ({ at }) => at.toISOString().slice(0, 10));
  return [...days].flatMap(([day, inDay]): Block[] => [
    { type: "text", text: [{ bold: `${day} (UTC)` }] },
    { type: "list", items: inDay.map(entryLine) },
  ]);
}

export const timeline: Command = {
  name: "timeline",
  usage: "timeline [--incident <number>]",
  summary: "What happened in an incident, in order and in UTC",
  examples: ["timeline", "timeline --incident 12"],
  permission: "incident:read",
  positionals: [],
  flags: {},
  async run(_args, context, { db }) {
    const { number, channelName } = incidentOf(context);
    const all = await readStream(db, `incident:${number}`);
    const entries = all.filter(isTold(all));
    const recent = entries.slice(-RECENT);
    const earlier = entries.slice(0, -RECENT);
    const view = page(`Timeline of ${channelName}`, ...byDate(recent), {
      type: "note",
      text:
        earlier.length === 0
          ? `${all.length} entries; a step is told by how it ended.`
          : withCode(`The last ${recent.length} of ${entries.length} entries. \`export\` has them all.`),
    });
    if (earlier.length === 0) return { to: "asker", view };
    return { to: "asker", view, details: page(`Before that, in ${channelName}`, ...byDate(earlier)) };
  },
};

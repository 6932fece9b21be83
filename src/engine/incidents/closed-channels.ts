import type { Clock } from "../../domain/clock.ts";
import { type Incident, isConfidential } from "../../domain/incident.ts";
import type { Inline, View } from "../../domain/view.ts";
import type { Database, Queries } from "../../store/database.ts";
import { incidentByNumber, incidentOfChannel } from "../../store/incidents.ts";
import { appendEntry } from "../../store/timeline.ts";
import { invitedTo } from "../../store/outbox.ts";
import type { SlackDelivery } from "../inbox.ts";
import { isSlackUser } from "../people.ts";
import { say } from "../record.ts";

type Closed = Extract<SlackDelivery, { kind: "channel.closed" }>;

/** Slack's codes in words; any other is shown as it is. */
const reasons: Readonly<Record<string, string>> = {
  channel_not_found: "crai is not in it",
  is_archived: "it is archived",
  is_inactive: "it is archived",
  not_in_channel: "crai is not in it",
  restricted_action: "the workspace does not let apps do it",
};

/** People told directly; more would be a crowd. */
const TOLD = 10;

function closedView({ channel, channelName, number }: Incident, why: string, command: string): View {
  const isOpened = channel !== null;
  const what = isOpened ? "crai cannot write in" : "crai cannot open the channel";
  const where: Inline = isOpened ? { channel, name: channelName } : `#${channelName}`;
  const next: Inline[] = isOpened
    ? [
        why === reasons["is_archived"]
          ? "Unarchive the channel and invite crai again: "
          : "Invite crai again: ",
        { code: "/invite @crai" },
        ". What it had to say there is said then.",
      ]
    : ["crai keeps trying. A workspace administrator can allow it."];
  return {
    summary: `${what} #${channelName}: ${why}.`,
    blocks: [
      { type: "text", text: [{ bold: what }, " ", where, { bold: `: ${why}.` }] },
      {
        type: "text",
        text: ["Nothing is lost, the record goes on: ", { code: `${command} timeline --incident ${number}` }],
      },
      { type: "text", text: next },
    ],
  };
}

/** Says where people look that an incident's own channel is closed to crai, and puts it on the timeline. */
export function createClosedChannels({
  db,
  announce,
  command,
  wakeOutbox,
  now,
}: {
  db: Database;
  announce: string | undefined;
  command: string;
  wakeOutbox: () => void;
  now: Clock;
}): (closed: Pick<Closed, "place" | "code">, cause: string) => Promise<void> {
  async function tell(trx: Queries, incident: Incident, view: View, cause: string): Promise<void> {
    const about = incident.number;
    if (announce !== undefined && !isConfidential(incident.kind))
      await say(
        trx,
        { key: `${cause}:announced`, about },
        { do: "post", channel: { id: announce }, view },
        now(),
      );
    const people = [...Object.values(incident.roles), ...(await invitedTo(trx, incident.number))];
    for (const user of [...new Set(people)].filter(isSlackUser).slice(0, TOLD))
      await say(trx, { key: `${cause}:told:${user}`, about }, { do: "direct", user, view }, now());
  }

  return async ({ place, code }, cause) => {
    const incident =
      "incident" in place
        ? await incidentByNumber(db, place.incident)
        : await incidentOfChannel(db, place.channel);
    if (!incident) return;
    const why = reasons[code] ?? code;
    await db.transaction().execute(async (trx) => {
      await appendEntry(trx, {
        stream: `incident:${incident.number}`,
        at: now(),
        key: `channel-${cause}`,
        actor: { kind: "observer" },
        fact: { kind: "channel.closed", name: incident.channelName, why },
      });
      await tell(trx, incident, closedView(incident, why, command), cause);
    });
    wakeOutbox();
  };
}

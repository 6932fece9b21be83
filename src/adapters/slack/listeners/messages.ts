import type { App } from "@slack/bolt";
import { isReceived } from "../../../store/inbox.ts";
import { incidentOfChannel } from "../../../store/incidents.ts";
import { readableText } from "../readable-text.ts";
import { type Desk, isOurs, personOf, store } from "./desk.ts";

/** callback_id of the message shortcut in manifest.yml. */
export const timelineShortcut = "add_to_timeline";
const pinEmoji = new Set(["pushpin", "round_pushpin"]);

/** One person pins a message once, whichever way; another may have rights that the first has not. */
function pinKey(channel: string, ts: string, user = ""): string {
  return `pin:${channel}:${ts}:${user}`;
}

async function pinned(desk: Desk, user: string, channel: string, ts: string): Promise<void> {
  await store<"message.pinned">(desk, pinKey(channel, ts, user), {
    kind: "message.pinned",
    by: personOf(desk, user),
    channel,
    ts,
  });
  desk.wake();
}

/** 📌 as a reaction, Slack's own pin, and the message shortcut. */
export function listenToPins(app: App, desk: Desk): void {
  function isMe(user: string): boolean {
    return user === desk.installation.known()?.botUser;
  }

  app.event("reaction_added", async ({ event, body }) => {
    if (!pinEmoji.has(event.reaction) || isMe(event.user) || !isOurs(desk, body.team_id)) return;
    await pinned(desk, event.user, event.item.channel, event.item.ts);
  });

  app.event("pin_added", async ({ event, body }) => {
    const ts = event.item.message?.ts;
    if (ts === undefined || isMe(event.user) || !isOurs(desk, body.team_id)) return;
    await pinned(desk, event.user, event.channel_id, ts);
  });

  app.shortcut({ callback_id: timelineShortcut, type: "message_action" }, async ({ shortcut, ack }) => {
    const { user, channel, message_ts, team } = shortcut;
    if (isOurs(desk, team?.id, user.team_id)) {
      await store<"message.pinned">(desk, pinKey(channel.id, message_ts, user.id), {
        kind: "message.pinned",
        by: personOf(desk, user.id, user.name),
        channel: channel.id,
        ts: message_ts,
      });
      desk.wake();
    }
    await ack();
  });
}

async function isOnTimeline(
  { db, installation }: Desk,
  { channel, ts, editor }: { channel: string; ts: string; editor: string },
): Promise<boolean> {
  // What crai says changes all the time, and the record says why.
  if (editor === installation.known()?.botUser) return false;
  if ((await incidentOfChannel(db, channel)) === undefined) return false;
  return isReceived(db, "slack", pinKey(channel, ts));
}

/** Edits and deletions of messages that stand on a timeline; all others are none of our business. */
export function listenToChanges(app: App, desk: Desk): void {
  app.event("message", async ({ event, body }) => {
    if (event.subtype !== "message_changed" && event.subtype !== "message_deleted") return;
    if (!isOurs(desk, body.team_id)) return;
    const before = "previous_message" in event ? event.previous_message : undefined;
    const after = event.subtype === "message_changed" ? event.message : undefined;
    const ts = after?.ts ?? before?.ts;
    const text = textOf(after);
    // An unfurled link or a new reply changes a message too.
    if (ts === undefined || (after !== undefined && text === textOf(before))) return;
    const editor = authorOf(after) ?? authorOf(before);
    if (editor === undefined || !(await isOnTimeline(desk, { channel: event.channel, ts, editor }))) return;
    await store<"message.changed">(desk, `event:${body.event_id}`, {
      kind: "message.changed",
      by: personOf(desk, editor),
      channel: event.channel,
      ts,
      text: text === undefined ? null : await readableText(text, (user) => desk.knownName(user)),
    });
    desk.wake();
  });
}

function textOf(message: object | undefined): string | undefined {
  return message !== undefined && "text" in message && typeof message.text === "string"
    ? message.text
    : undefined;
}

function authorOf(message: object | undefined): string | undefined {
  if (message === undefined) return undefined;
  const edited = "edited" in message ? (message.edited as { user?: string } | undefined)?.user : undefined;
  return edited ?? ("user" in message && typeof message.user === "string" ? message.user : undefined);
}

export function listenToHome(app: App, desk: Desk): void {
  app.event("app_home_opened", async ({ event, body }) => {
    if (event.tab !== "home" || !isOurs(desk, body.team_id)) return;
    await store<"home.opened">(desk, `event:${body.event_id}`, {
      kind: "home.opened",
      by: personOf(desk, event.user),
    });
    desk.wake();
  });
}

/** Somebody invites crai (again): what waited for that is said. */
export function listenToInvitations(app: App, desk: Desk): void {
  app.event("member_joined_channel", async ({ event }) => {
    if (event.user !== desk.installation.known()?.botUser) return;
    await desk.entered(event.channel);
    desk.wakeDelivery();
  });
}

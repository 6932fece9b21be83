import type { App } from "@slack/bolt";
import { acksFirst } from "./acks-first.ts";
import { mentionedCommand, typedText } from "../typed-text.ts";
import { type Desk, isOurs, personOf, storeInvocation } from "./desk.ts";

const notStored =
  "crai could not store this command, so nothing was done: its database does not answer. Try again, or use kubectl as the runbook says.";

/** `/crai …`: stored, then acknowledged, with nothing else in between. Slack never repeats a command. */
export function listenToCommand(app: App, desk: Desk): void {
  const inTurn = acksFirst(desk.wake);
  app.command(desk.command, async ({ command, ack }) => {
    if (!isOurs(desk, command.team_id)) return ack();
    await inTurn(async () => {
      try {
        await storeInvocation(desk, {
          id: `slash:${command.trigger_id}`,
          text: typedText(command.text),
          actor: personOf(desk, command.user_id, command.user_name),
          place: {
            surface: "slash",
            channel: command.channel_id,
            thread: null,
            responseUrl: command.response_url,
          },
        });
      } catch (err) {
        desk.log.error({ err }, "a command could not be stored");
        return ack({ response_type: "ephemeral", text: notStored });
      }
      return ack();
    });
  });
}

/** `@crai …` in channels and in threads, where Slack has no slash commands. */
export function listenToMentions(app: App, desk: Desk): void {
  app.event("app_mention", async ({ event, body }) => {
    const { user, text, channel, ts, thread_ts } = event;
    const me = desk.installation.known();
    if (me === null || user === undefined || user === me.botUser || event.bot_id !== undefined) return;
    if (!isOurs(desk, body.team_id, event.team)) return;
    const command = mentionedCommand(text, me.botUser);
    if (command === undefined) return;
    // By the message: editing it sends the event again, and an edit is no second command.
    await storeInvocation(desk, {
      id: `mention:${channel}:${ts}`,
      text: command,
      actor: personOf(desk, user),
      place: { surface: "mention", channel, thread: thread_ts ?? null, responseUrl: null },
    });
    desk.wake();
  });
}

import type { SlackMessage } from "../../../engine/ports.ts";
import { updateIncident } from "../../../store/incidents.ts";
import { markDelivered } from "../../../store/outbox.ts";
import type { Row } from "../../../store/tables.ts";
import { renderView } from "../blocks/render-view.ts";
import { failureOf, failureText, refusalCode } from "../failure.ts";
import { closedCode, inChannel } from "./closed.ts";
import { topicText } from "./open-channel.ts";
import { calling, type Courier, delivered, type Outcome } from "./outcome.ts";
import { channelOf, notYet } from "./places.ts";

/** conversations.invite takes so many at once. */
const batch = 100;

async function done(courier: Courier, row: Row<"outbox">, channel?: string): Promise<Outcome> {
  await markDelivered(courier.db, row, channel === undefined ? null : { channel });
  return delivered;
}

/** Invites all at once; when Slack refuses one of them it refuses all, so then one by one. */
async function invite(courier: Courier, channel: string, users: readonly string[]): Promise<void> {
  try {
    courier.pace.spend({ method: "conversations.invite" });
    await inChannel(courier, channel, () =>
      calling(courier, { method: "conversations.invite" }, () =>
        courier.client.conversations.invite({ channel, users: users.join(",") }),
      ),
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== "refused" || failure.byAdmin || closedCode(error) !== undefined) throw error;
    if (users.length > 1) {
      for (const user of users) await invite(courier, channel, [user]);
      return;
    }
    if (failure.code !== "already_in_channel" && failure.code !== "cant_invite_self")
      courier.log.warn({ channel, users, why: failureText(failure) }, "somebody could not be invited");
  }
}

export async function deliverInvite(
  courier: Courier,
  row: Row<"outbox">,
  message: SlackMessage & { do: "invite" },
): Promise<Outcome> {
  const channel = await channelOf(courier, message.channel);
  if (channel === undefined) return notYet;
  const users = [...new Set(message.users)].filter((user) => /^[UW][A-Z0-9]+$/.test(user));
  for (let start = 0; start < users.length; start += batch)
    await invite(courier, channel, users.slice(start, start + batch));
  return done(courier, row, channel);
}

export async function deliverTopic(
  courier: Courier,
  row: Row<"outbox">,
  message: SlackMessage & { do: "topic" },
): Promise<Outcome> {
  const channel = await channelOf(courier, message.channel);
  if (channel === undefined) return notYet;
  const ms = courier.pace.take({ method: "conversations.setTopic" });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  await inChannel(courier, channel, () =>
    calling(courier, { method: "conversations.setTopic" }, () =>
      courier.client.conversations.setTopic({ channel, topic: topicText(message.topic) }),
    ),
  );
  return done(courier, row, channel);
}

export async function deliverRename(
  courier: Courier,
  row: Row<"outbox">,
  message: SlackMessage & { do: "rename" },
): Promise<Outcome> {
  const channel = await channelOf(courier, message.channel);
  if (channel === undefined) return notYet;
  const ms = courier.pace.take({ method: "conversations.rename" });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  const answer = await inChannel(courier, channel, () =>
    calling(courier, { method: "conversations.rename" }, () =>
      courier.client.conversations.rename({ channel, name: message.name }),
    ),
  );
  if ("incident" in message.channel)
    await updateIncident(courier.db, message.channel.incident, {
      channelName: answer.channel?.name ?? message.name,
    });
  return done(courier, row, channel);
}

export async function deliverReaction(
  courier: Courier,
  row: Row<"outbox">,
  { channel, ts, emoji }: SlackMessage & { do: "react" },
): Promise<Outcome> {
  const ms = courier.pace.take({ method: "reactions.add" });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  try {
    await calling(courier, { method: "reactions.add" }, () =>
      courier.client.reactions.add({ channel, timestamp: ts, name: emoji }),
    );
  } catch (error) {
    if (refusalCode(error) !== "already_reacted") throw error;
  }
  return done(courier, row, channel);
}

export async function deliverHome(
  courier: Courier,
  row: Row<"outbox">,
  { user, view }: SlackMessage & { do: "home" },
): Promise<Outcome> {
  const ms = courier.pace.take({ method: "views.publish" });
  if (ms > 0) return { is: "waiting", ms, for: "pace" };
  const context = { outboxId: row.id, command: courier.command };
  const { blocks } = renderView(view, context, "home");
  await calling(courier, { method: "views.publish" }, () =>
    courier.client.views.publish({ user_id: user, view: { type: "home", blocks } }),
  );
  return done(courier, row);
}

import { z } from "zod";
import { addMessage, threadRoot } from "../messages.ts";
import { SlackRefusal } from "../refusal.ts";
import { checkedContent, content, fromBot, looks, writableChannel } from "./message-args.ts";
import { arg, method } from "./method.ts";

const daySeconds = 86_400;

/** Messages for later; the workspace posts them when their time has come. */
export const scheduledMethods = {
  "chat.scheduleMessage": method({
    tier: 3,
    scopes: ["chat:write"],
    args: z.looseObject({
      channel: z.string(),
      post_at: arg.int,
      ...content,
      ...looks,
      thread_ts: z.string().optional(),
    }),
    run(args, call) {
      const { state } = call;
      const channel = writableChannel(call, args.channel);
      const { content } = checkedContent(args);
      const now = Math.floor(state.now() / 1000);
      if (args.post_at <= now) throw new SlackRefusal("time_in_past");
      if (args.post_at > now + 120 * daySeconds) throw new SlackRefusal("time_too_far");
      const root = args.thread_ts && threadRoot(state, channel.id, args.thread_ts);
      const sender = fromBot(call, args);
      const id = state.newId("Q");
      state.scheduled.set(id, {
        id,
        channel: channel.id,
        post_at: args.post_at,
        text: content.text,
        post: () => {
          if (channel.is_archived) return;
          addMessage(state, {
            channel: channel.id,
            ...sender,
            ...content,
            ...(root ? { thread_ts: root } : {}),
          });
        },
      });
      return {
        channel: channel.id,
        scheduled_message_id: id,
        post_at: args.post_at,
        message: { ...content },
      };
    },
  }),

  "chat.deleteScheduledMessage": method({
    tier: 3,
    scopes: ["chat:write"],
    args: z.looseObject({ channel: z.string(), scheduled_message_id: z.string() }),
    run({ scheduled_message_id }, { state }) {
      if (!state.scheduled.delete(scheduled_message_id))
        throw new SlackRefusal("invalid_scheduled_message_id");
      return {};
    },
  }),

  "chat.scheduledMessages.list": method({
    tier: 3,
    args: z.looseObject({ channel: z.string().optional() }),
    run: ({ channel }, { state }) => ({
      scheduled_messages: [...state.scheduled.values()]
        .filter((one) => channel === undefined || one.channel === channel)
        .map(({ id, channel: channel_id, post_at, text }) => ({ id, channel_id, post_at, text })),
      response_metadata: { next_cursor: "" },
    }),
  }),
};

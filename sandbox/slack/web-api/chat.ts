import { z } from "zod";
import { messageJson, permalink } from "../app/json.ts";
import { visibleChannel } from "../channels.ts";
import { checkMessageBlocks } from "../check-blocks.ts";
import { messageLimits } from "../limits.ts";
import {
  addMessage,
  editMessage,
  findMessage,
  mustFindMessage,
  removeMessage,
  threadRoot,
} from "../messages.ts";
import type { Channel, StoredMessage } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import {
  checkedAttachments,
  checkedContent,
  checkedMetadata,
  content,
  fromBot,
  looks,
  withWarnings,
  writableChannel,
} from "./message-args.ts";
import type { Call } from "./method.ts";
import { arg, method } from "./method.ts";

/** The bot may change and delete only what it wrote. */
function ownMessage(
  { state, actor }: Call,
  { channel: id, ts }: { channel: string; ts: string },
  refusal: string,
): { channel: Channel; message: StoredMessage } {
  const channel = visibleChannel(state, actor, id);
  const message = mustFindMessage(state, channel.id, ts);
  if (message.user !== actor || message.subtype !== undefined) throw new SlackRefusal(refusal);
  return { channel, message };
}

export const chatMethods = {
  "chat.postMessage": method({
    tier: "post",
    scopes: ["chat:write"],
    args: z.looseObject({
      channel: z.string(),
      ...content,
      ...looks,
      thread_ts: z.string().optional(),
      reply_broadcast: arg.bool.default(false),
      metadata: arg.json.optional(),
    }),
    run(args, call) {
      const channel = writableChannel(call, args.channel);
      const { content, warnings } = checkedContent(args);
      const metadata = args.metadata === undefined ? null : checkedMetadata(args.metadata);
      const root = args.thread_ts && threadRoot(call.state, channel.id, args.thread_ts);
      const message = addMessage(call.state, {
        channel: channel.id,
        ...fromBot(call, args),
        ...content,
        ...(root ? { thread_ts: root, broadcast: args.reply_broadcast } : {}),
        ...(metadata === null ? {} : { metadata }),
      });
      return withWarnings(
        { channel: channel.id, ts: message.ts, message: messageJson(call.state, message) },
        warnings,
      );
    },
  }),

  "chat.update": method({
    tier: 3,
    scopes: ["chat:write"],
    args: z.looseObject({
      channel: z.string(),
      ts: z.string(),
      ...content,
      text: z.string().optional(),
      metadata: arg.json.optional(),
    }),
    run(args, call) {
      const { state, actor } = call;
      const { channel, message } = ownMessage(call, args, "cant_update_message");
      if (channel.is_archived) throw new SlackRefusal("is_inactive");
      if (Buffer.byteLength(args.text ?? "") > messageLimits.updateTextBytes)
        throw new SlackRefusal("msg_too_long");
      // What is left out stays; empty lists take it away (docs.slack.dev/reference/methods/chat.update).
      const blocks = args.blocks === undefined ? (message.blocks ?? []) : checkMessageBlocks(args.blocks);
      const attachments =
        args.attachments === undefined ? (message.attachments ?? []) : checkedAttachments(args.attachments);
      const text = args.text ?? (args.blocks === undefined ? message.text : "");
      if (text === "" && blocks.length === 0 && attachments.length === 0) throw new SlackRefusal("no_text");
      const metadata = args.metadata === undefined ? undefined : checkedMetadata(args.metadata);
      if (metadata === null) delete message.metadata;
      editMessage(state, message, actor, { text, blocks, attachments, ...(metadata ? { metadata } : {}) });
      return { channel: channel.id, ts: message.ts, text, message: messageJson(state, message) };
    },
  }),

  "chat.delete": method({
    tier: 3,
    scopes: ["chat:write"],
    args: z.looseObject({ channel: z.string(), ts: z.string() }),
    run(args, call) {
      const { channel, message } = ownMessage(call, args, "cant_delete_message");
      removeMessage(call.state, message);
      return { channel: channel.id, ts: args.ts };
    },
  }),

  "chat.postEphemeral": method({
    tier: 4,
    scopes: ["chat:write"],
    args: z.looseObject({
      channel: z.string(),
      user: z.string(),
      ...content,
      ...looks,
      thread_ts: z.string().optional(),
    }),
    run(args, call) {
      const { state } = call;
      const channel = writableChannel(call, args.channel);
      if (!channel.members.has(args.user)) throw new SlackRefusal("user_not_in_channel");
      const { content, warnings } = checkedContent(args);
      const root = args.thread_ts && threadRoot(state, channel.id, args.thread_ts);
      const message = addMessage(state, {
        channel: channel.id,
        ...fromBot(call, args),
        ...content,
        ...(root ? { thread_ts: root } : {}),
        only_for: args.user,
      });
      return withWarnings({ message_ts: message.ts }, warnings);
    },
  }),

  "chat.getPermalink": method({
    tier: "none",
    args: z.looseObject({ channel: z.string(), message_ts: z.string() }),
    run({ channel: id, message_ts }, { state, actor, board }) {
      const channel = visibleChannel(state, actor, id);
      const message = findMessage(state, channel.id, message_ts);
      if (message === undefined) throw new SlackRefusal("message_not_found");
      return { channel: channel.id, permalink: permalink(board.webUrl(), message) };
    },
  }),
};

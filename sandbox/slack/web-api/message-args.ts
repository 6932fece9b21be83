import { z } from "zod";
import { mustBeActive, mustBeMember, openIm, visibleChannel } from "../channels.ts";
import { checkMessageBlocks } from "../check-blocks.ts";
import { messageLimits } from "../limits.ts";
import { cutText } from "../messages.ts";
import type { Channel, MessageMetadata, StoredMessage } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import type { Call } from "./method.ts";
import { arg, needScope } from "./method.ts";

/** What the methods that post have in common: content, looks, and where. */

export const content = {
  text: z.string().default(""),
  blocks: arg.json.optional(),
  attachments: arg.json.optional(),
};

export const looks = {
  username: z.string().optional(),
  icon_emoji: z.string().optional(),
  icon_url: z.string().optional(),
};

type Content = Pick<StoredMessage, "text" | "blocks" | "attachments">;

interface GivenContent {
  text: string;
  blocks?: unknown;
  attachments?: unknown;
}

export function checkedContent(given: GivenContent): { content: Content; warnings: string[] } {
  const blocks = given.blocks === undefined ? undefined : checkMessageBlocks(given.blocks);
  const attachments = given.attachments === undefined ? undefined : checkedAttachments(given.attachments);
  if (given.text === "" && !blocks?.length && !attachments?.length) throw new SlackRefusal("no_text");
  const { text, warnings } = cutText(given.text);
  return {
    content: { text, ...(blocks?.length ? { blocks } : {}), ...(attachments?.length ? { attachments } : {}) },
    warnings,
  };
}

export function checkedAttachments(given: unknown): Record<string, unknown>[] {
  const parsed = z.array(z.looseObject({})).safeParse(given);
  if (!parsed.success) throw new SlackRefusal("invalid_attachments");
  if (parsed.data.length > messageLimits.attachments) throw new SlackRefusal("too_many_attachments");
  return parsed.data.map((one) =>
    one["blocks"] === undefined ? one : { ...one, blocks: checkMessageBlocks(one["blocks"]) },
  );
}

const metadataShape = z.object({
  event_type: z.string().min(1),
  event_payload: z.record(z.string(), z.unknown()),
});

/** `{}` takes a message's metadata away (chat.update). */
export function checkedMetadata(given: unknown): MessageMetadata | null {
  if (typeof given === "object" && given !== null && Object.keys(given).length === 0) return null;
  const parsed = metadataShape.safeParse(given);
  if (!parsed.success) throw new SlackRefusal("invalid_metadata_format");
  const size = Buffer.byteLength(JSON.stringify(parsed.data.event_payload));
  if (size > messageLimits.metadataBytes) throw new SlackRefusal("metadata_too_large");
  return parsed.data;
}

/** Where chat.postMessage may post: a channel, or the direct message with a user named by id. */
export function writableChannel(call: Call, id: string): Channel {
  const { state, actor } = call;
  const channel = state.users.has(id) ? openIm(state, actor, id).channel : visibleChannel(state, actor, id);
  mustBeActive(channel);
  if (channel.kind !== "public" || !call.scopes.has("chat:write.public")) mustBeMember(channel, actor);
  return channel;
}

export function fromBot(
  call: Call,
  given: z.infer<z.ZodObject<typeof looks>>,
): Omit<StoredMessage, "type" | "ts" | "channel" | "text" | "reactions"> {
  const { state, actor } = call;
  const { username, icon_emoji } = given;
  if (username !== undefined || icon_emoji !== undefined || given.icon_url !== undefined) {
    needScope(call, "chat:write.customize");
  }
  return {
    user: actor,
    bot_id: state.bot.id,
    app_id: state.bot.appId,
    ...(username === undefined ? {} : { username }),
    ...(icon_emoji === undefined ? {} : { icon_emoji }),
  };
}

export function withWarnings(
  answer: Record<string, unknown>,
  warnings: readonly string[],
): Record<string, unknown> {
  if (warnings.length === 0) return answer;
  return { ...answer, warning: warnings.join(","), response_metadata: { warnings } };
}

import { z } from "zod";
import { checkMessageBlocks } from "../check-blocks.ts";
import { responseUrlLimits } from "../limits.ts";
import { addMessage, cutText, editMessage, findSeenMessage, removeMessage } from "../messages.ts";
import type { ResponseUrl, StoredMessage } from "../records.ts";
import { SlackRefusal } from "../refusal.ts";
import type { State } from "../state.ts";
import type { Switchboard } from "./switchboard.ts";

export function newResponseUrl(board: Switchboard, at: Pick<ResponseUrl, "channel" | "user" | "ts">): string {
  const { state } = board;
  const id = state.newId("");
  state.responseUrls.set(id, {
    ...at,
    expires: state.now() + responseUrlLimits.lifeMs,
    usesLeft: responseUrlLimits.uses,
  });
  return `${board.origin()}/response/${state.team.id}/${id}`;
}

const responseMessage = z.object({
  text: z.string().default(""),
  blocks: z.unknown().optional(),
  attachments: z.array(z.record(z.string(), z.unknown())).optional(),
  response_type: z.enum(["ephemeral", "in_channel"]).default("ephemeral"),
  replace_original: z.boolean().default(false),
  delete_original: z.boolean().default(false),
  thread_ts: z.string().optional(),
});

/** Refuses with used_url or expired_url once the URL is spent; each call counts, a refused message too. */
export function useResponseUrl(state: State, id: string, body: unknown): void {
  const url = state.responseUrls.get(id);
  if (url === undefined) throw new SlackRefusal("invalid_url");
  if (state.now() >= url.expires) throw new SlackRefusal("expired_url");
  if (url.usesLeft === 0) throw new SlackRefusal("used_url");
  url.usesLeft -= 1;
  respond(state, url, body);
}

/** Posts, replaces or deletes as the app's answer says; also what an acknowledgment with a message does. */
export function respond(state: State, at: Pick<ResponseUrl, "channel" | "user" | "ts">, body: unknown): void {
  const parsed = responseMessage.safeParse(body);
  if (!parsed.success) throw new SlackRefusal("invalid_payload");
  const { response_type, replace_original, delete_original, thread_ts } = parsed.data;
  const original = originalOf(state, at);

  if (delete_original) {
    if (original !== undefined) removeMessage(state, original);
    return;
  }
  const content = contentOf(parsed.data);
  if (replace_original && original !== undefined) {
    editMessage(state, original, state.bot.user, { blocks: [], attachments: [], ...content });
    return;
  }
  addMessage(state, {
    channel: at.channel,
    user: state.bot.user,
    bot_id: state.bot.id,
    app_id: state.bot.appId,
    ...content,
    ...(thread_ts === undefined ? {} : { thread_ts }),
    ...(response_type === "ephemeral" ? { only_for: at.user } : {}),
  });
}

/** What may be replaced or deleted: the app's own message. A message shortcut on a person's message cannot touch it. */
function originalOf(
  state: State,
  at: Pick<ResponseUrl, "channel" | "user" | "ts">,
): StoredMessage | undefined {
  if (at.ts === null) return undefined;
  const message = findSeenMessage(state, { channel: at.channel, ts: at.ts }, at.user);
  return message?.user === state.bot.user ? message : undefined;
}

type Content = Pick<StoredMessage, "text" | "blocks" | "attachments">;

function contentOf({ text, blocks, attachments }: z.infer<typeof responseMessage>): Content {
  if (text === "" && blocks === undefined && attachments === undefined) throw new SlackRefusal("no_text");
  return {
    text: cutText(text).text,
    ...(blocks === undefined ? {} : { blocks: checkMessageBlocks(blocks) }),
    ...(attachments === undefined ? {} : { attachments }),
  };
}

import { Message } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";
import type { ComponentProps } from "react";
import type { Block } from "../../slack/client-api.ts";
import { emojiOf } from "../mrkdwn/emoji.ts";
import { ChannelMention, GroupMention, UserMention } from "../mrkdwn/mrkdwn.tsx";
import { SafeLink } from "../mrkdwn/safe-link.tsx";

/**
 * Blocks that only show something and hold no mrkdwn. What holds mrkdwn is ours: the library reads `&lt;!channel&gt;`
 * as a mention and Markdown links as links, which Slack does not. What can be pressed is ours too: the library has no
 * callbacks.
 */
export const libraryBlocks = new Set([
  "rich_text",
  "markdown",
  "table",
  "image",
  "video",
  "data_visualization",
]);

type MessageProps = ComponentProps<typeof Message>;

const hooks: NonNullable<MessageProps["hooks"]> = {
  // Its own parser drops what it does not know: "12:00:04" would lose its ":00:".
  emoji: ({ name }) => emojiOf(name) ?? `:${name}:`,
  link: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  user: ({ id }) => <UserMention id={id} />,
  channel: ({ id, name }) => <ChannelMention id={id} label={name} />,
  usergroup: ({ id, name }) => <GroupMention id={id} label={name} />,
};

export function LibraryBlock({ block }: { block: Block }) {
  const blocks = [block] as unknown as MessageProps["blocks"];
  return <Message withoutWrapper theme="light" name="" logo="" blocks={blocks} hooks={hooks} />;
}

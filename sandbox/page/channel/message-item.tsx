import { memo, useState } from "react";
import type { Message } from "../../slack/client-api.ts";
import { clockTime, dateOfTs, formatDateTokens } from "../mrkdwn/dates.ts";
import { emojiOf } from "../mrkdwn/emoji.ts";
import { goTo } from "../place.ts";
import { isReply } from "../slack/state.ts";
import { useUser, useWho } from "../slack/workspace-context.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icons.tsx";
import { EditBox } from "./edit-box.tsx";
import { MessageActions } from "./message-actions.tsx";
import { MessageBody } from "./message-body.tsx";
import { Reactions } from "./reactions.tsx";

interface MessageItemProps {
  message: Message;
  /** Under the message before, without avatar and name. */
  compact: boolean;
  inThread: boolean;
}

/** What the workspace itself says in a channel: one gray line. */
const systemSubtypes = new Set([
  "channel_join",
  "channel_leave",
  "channel_topic",
  "channel_purpose",
  "channel_name",
  "channel_archive",
  "channel_unarchive",
  "pinned_item",
  "group_join",
  "group_leave",
]);

/** One message with everything around it. */
export const MessageItem = memo(function MessageItem({ message, compact, inThread }: MessageItemProps) {
  const { name, isBot } = useAuthor(message);
  const [editing, setEditing] = useState(false);
  const time = clockTime(message.ts);
  if (systemSubtypes.has(message.subtype ?? "")) return <SystemLine message={message} time={time} />;

  const classes = [
    "message",
    compact && "message-compact",
    message.is_pinned && "message-pinned",
    message.is_ephemeral && "message-ephemeral",
  ];

  return (
    <article
      className={classes.filter(Boolean).join(" ")}
      data-ts={message.ts}
      aria-label={`${name} at ${time}`}
    >
      <Notes message={message} />
      <div className="message-gutter">
        {compact ? (
          <Time ts={message.ts} text={time} />
        ) : (
          <MessageAvatar message={message} name={name} isBot={isBot} />
        )}
      </div>
      <div className="message-main">
        {!compact && (
          <p className="message-author">
            <strong>{name}</strong>
            {isBot && <span className="app-badge">App</span>}
            <Time ts={message.ts} text={time} />
          </p>
        )}
        {editing ? (
          <EditBox message={message} onDone={() => setEditing(false)} />
        ) : (
          <MessageBody message={message} />
        )}
        <Reactions message={message} />
        {!inThread && <ThreadSummary message={message} />}
      </div>
      {!message.is_ephemeral && !editing && (
        <MessageActions message={message} inThread={inThread} onEdit={() => setEditing(true)} />
      )}
    </article>
  );
});

function SystemLine({ message, time }: { message: Message; time: string }) {
  const { name, isBot } = useAuthor(message);
  return (
    <article className="message message-system" data-ts={message.ts} aria-label={`${name} at ${time}`}>
      <div className="message-gutter">
        <Avatar id={message.user ?? name} name={name} isBot={isBot} size="small" />
      </div>
      <div className="message-main">
        <MessageBody message={message} />
        <Time ts={message.ts} text={time} />
      </div>
    </article>
  );
}

function useAuthor(message: Message): { name: string; isBot: boolean } {
  const author = useUser(message.user);
  const unknown = message.bot_id ? "App" : "Slackbot";
  return { name: message.username ?? author?.real_name ?? unknown, isBot: author?.is_bot ?? true };
}

/** What stands above a message. */
function Notes({ message }: { message: Message }) {
  if (message.is_ephemeral) return <p className="message-note">Only visible to you</p>;
  if (!message.is_pinned) return null;
  return (
    <p className="message-note">
      <Icon name="pin" />
      Pinned
    </p>
  );
}

function MessageAvatar({ message, name, isBot }: { message: Message; name: string; isBot: boolean }) {
  const emoji = message.icon_emoji ? emojiOf(message.icon_emoji.replaceAll(":", "")) : undefined;
  if (emoji) return <span className="avatar avatar-large avatar-emoji">{emoji}</span>;
  return <Avatar id={message.user ?? name} name={name} isBot={isBot} />;
}

function Time({ ts, text }: { ts: string; text: string }) {
  return (
    <time
      className="message-time"
      dateTime={dateOfTs(ts).toISOString()}
      title={formatDateTokens(Number(ts), "{date_long} at {time_secs}")}
    >
      {text}
    </time>
  );
}

function ThreadSummary({ message }: { message: Message }) {
  const { users } = useWho();
  if (isReply(message) || !message.reply_count) return null;
  const repliers = users.filter((user) => message.reply_users?.includes(user.id)).slice(0, 4);
  return (
    <button
      type="button"
      className="thread-summary"
      onClick={() => goTo({ view: { kind: "channel", channel: message.channel }, thread: message.ts })}
    >
      {repliers.map((user) => (
        <Avatar key={user.id} id={user.id} name={user.real_name} isBot={user.is_bot} size="small" />
      ))}
      <span className="thread-count">
        {message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`}
      </span>
      {message.latest_reply && (
        <span className="thread-last">Last reply at {clockTime(message.latest_reply)}</span>
      )}
    </button>
  );
}

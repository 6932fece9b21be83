import { useEffect, useState } from "react";
import type { Channel, Message, User } from "../../slack/client-api.ts";
import { withEmoji } from "../mrkdwn/emoji.ts";
import { Mrkdwn } from "../mrkdwn/mrkdwn.tsx";
import { SafeLink } from "../mrkdwn/safe-link.tsx";
import { goTo } from "../place.ts";
import { useAttempt, useBookmarks, useUser, useWorkspace } from "../slack/workspace-context.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/menu.tsx";
import { previewOf } from "./preview.ts";

/** Name, topic, members, pins and bookmarks. */
export function ChannelHeader({ channel }: { channel: Channel }) {
  const bookmarks = useBookmarks(channel.id);
  return (
    <>
      <header className="channel-header">
        <h1 className="channel-title">
          {!channel.is_im && <Icon name={channel.is_private ? "lock" : "hash"} />}
          {channel.name}
        </h1>
        <div className="channel-topic">{channel.topic && <Mrkdwn text={channel.topic} />}</div>
        {!channel.is_im && (
          <Menu
            label={`${channel.member_count} members`}
            role="dialog"
            align="end"
            className="header-button"
            trigger={
              <>
                <Icon name="people" />
                {channel.member_count}
              </>
            }
          >
            <Members key={channel.member_count} channel={channel.id} />
          </Menu>
        )}
        <Menu
          label="Pinned items"
          role="dialog"
          align="end"
          className="header-button"
          trigger={<Icon name="pin" />}
        >
          <Pins channel={channel.id} />
        </Menu>
      </header>
      {bookmarks.length > 0 && (
        <nav className="bookmarks" aria-label="Bookmarks">
          {bookmarks.map((bookmark) => (
            <SafeLink key={bookmark.id} href={bookmark.link}>
              {bookmark.emoji ? <span>{withEmoji(bookmark.emoji)}</span> : <Icon name="bookmark" />}
              {bookmark.title}
            </SafeLink>
          ))}
        </nav>
      )}
    </>
  );
}

function Members({ channel }: { channel: string }) {
  const { call } = useWorkspace();
  const attempt = useAttempt();
  const [members, setMembers] = useState<User[]>([]);
  useEffect(() => {
    void attempt(async () => setMembers((await call("channel.members", { channel })).members));
  }, [channel, call, attempt]);
  return (
    <ul className="popover-list">
      {members.map((member) => (
        <li key={member.id}>
          <Avatar id={member.id} name={member.real_name} isBot={member.is_bot} size="small" />
          <span className="menu-two-lines">
            <strong>{member.real_name}</strong>
            <span>{member.is_bot ? "App" : member.title}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function Pins({ channel }: { channel: string }) {
  const { call } = useWorkspace();
  const attempt = useAttempt();
  const [pins, setPins] = useState<Message[] | null>(null);
  useEffect(() => {
    void attempt(async () => setPins((await call("channel.pins", { channel })).messages));
  }, [channel, call, attempt]);
  if (pins?.length === 0) return <p className="menu-note">Nothing is pinned in this channel.</p>;
  return (
    <ul className="popover-list">
      {pins?.map((message) => (
        <li key={message.ts}>
          <Pin message={message} />
        </li>
      ))}
    </ul>
  );
}

function Pin({ message }: { message: Message }) {
  const author = useUser(message.user);
  return (
    <button
      type="button"
      className="pin-item"
      onClick={() => goTo({ view: { kind: "channel", channel: message.channel }, message: message.ts })}
    >
      <strong>{message.username ?? author?.real_name ?? "App"}</strong>
      <span>{previewOf(message)}</span>
    </button>
  );
}

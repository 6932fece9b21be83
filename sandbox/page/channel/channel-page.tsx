import { useEffect, useState } from "react";
import { useAttempt, useChannel, useMessages, useWorkspace } from "../slack/workspace-context.tsx";
import { ChannelHeader } from "./channel-header.tsx";
import { Composer } from "./composer.tsx";
import { MessageList } from "./message-list.tsx";

interface ChannelPageProps {
  id: string;
  /** `ts` of a message to scroll to. */
  focus: string | null;
}

/** One channel: header, messages, composer. Mounted anew for each channel. */
export function ChannelPage({ id, focus }: ChannelPageProps) {
  const channel = useChannel(id);
  if (!channel) {
    return (
      <main className="channel">
        <p className="empty">
          There is no such channel, or you cannot see it. Choose another one on the left.
        </p>
      </main>
    );
  }
  return <OpenChannel channel={channel} focus={focus} />;
}

type Channel = NonNullable<ReturnType<typeof useChannel>>;

function OpenChannel({ channel, focus }: { channel: Channel } & Omit<ChannelPageProps, "id">) {
  const { call } = useWorkspace();
  const attempt = useAttempt();
  const messages = useMessages(channel.id);
  // Counted once, when the channel is opened: the "New" line stays where it was while one reads.
  const [unreadAtOpen] = useState(channel.unread);

  useEffect(() => {
    if (!channel.is_member || channel.unread === 0) return undefined;
    function markRead() {
      if (document.visibilityState === "visible")
        void attempt(() => call("channel.read", { channel: channel.id }));
    }
    markRead();
    document.addEventListener("visibilitychange", markRead);
    return () => document.removeEventListener("visibilitychange", markRead);
  }, [channel.id, channel.unread, channel.is_member, call, attempt]);

  const name = channel.is_im ? channel.name : `#${channel.name}`;
  return (
    <main className="channel" aria-label={name}>
      <ChannelHeader channel={channel} />
      <MessageList
        label={`Messages in ${name}`}
        messages={messages}
        unread={unreadAtOpen}
        focus={focus}
        intro={
          <div className="channel-intro">
            <h2>{name}</h2>
            <p>{channel.purpose || `This is the very beginning of ${name}.`}</p>
          </div>
        }
      />
      {channel.is_archived ? (
        <p className="channel-bar">You are viewing an archived channel.</p>
      ) : channel.is_member || channel.is_im ? (
        <Composer channel={channel} />
      ) : (
        <div className="channel-bar">
          <span>
            You are viewing <strong>{name}</strong>.
          </span>
          <button
            type="button"
            className="button button-primary"
            onClick={() => void attempt(() => call("channel.join", { channel: channel.id }))}
          >
            Join channel
          </button>
        </div>
      )}
    </main>
  );
}

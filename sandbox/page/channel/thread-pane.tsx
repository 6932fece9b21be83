import { useEffect, useRef } from "react";
import { goTo } from "../place.ts";
import { useChannel, useThread } from "../slack/workspace-context.tsx";
import { Composer } from "./composer.tsx";
import { MessageItem } from "./message-item.tsx";
import { continues } from "./message-list.tsx";

/** A thread beside its channel. */
export function ThreadPane({ channel: id, threadTs }: { channel: string; threadTs: string }) {
  const channel = useChannel(id);
  const messages = useThread(id, threadTs);
  const end = useRef<HTMLDivElement>(null);
  const count = messages?.length;
  const counted = useRef<number>(undefined);

  // One starts reading at the parent; what is added while one reads is followed.
  useEffect(() => {
    if (count !== undefined && counted.current !== undefined && count > counted.current) {
      end.current?.scrollIntoView({ block: "end" });
    }
    counted.current = count;
  }, [count]);

  if (!channel) return null;
  const [parent, ...replies] = messages ?? [];
  return (
    <aside className="thread" aria-label="Thread">
      <header className="thread-header">
        <h2>Thread</h2>
        <span>{channel.is_im ? channel.name : `#${channel.name}`}</span>
        <button
          type="button"
          className="icon-button"
          aria-label="Close thread"
          onClick={() => goTo({ view: { kind: "channel", channel: id } })}
        >
          ✕
        </button>
      </header>
      <div className="thread-scroller">
        <div role="log" aria-live="polite" aria-label="Messages in the thread">
          {parent && <MessageItem message={parent} compact={false} inThread />}
          {replies.length > 0 && (
            <div className="reply-line">
              <span>{replies.length === 1 ? "1 reply" : `${replies.length} replies`}</span>
            </div>
          )}
          {replies.map((reply, index) => (
            <MessageItem
              key={reply.ts}
              message={reply}
              compact={continues(replies[index - 1], reply)}
              inThread
            />
          ))}
        </div>
        {messages?.length === 0 && <p className="empty">This message is gone.</p>}
        <Composer channel={channel} threadTs={threadTs} />
        <div ref={end} />
      </div>
    </aside>
  );
}

import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import type { Message } from "../../slack/client-api.ts";
import { dateOfTs, dayLabel } from "../mrkdwn/dates.ts";
import { MessageItem } from "./message-item.tsx";

interface MessageListProps {
  label: string;
  /** undefined: still loading. */
  messages: Message[] | undefined;
  /** How many of the newest were unread when the list was opened. */
  unread: number;
  /** `ts` of a message to scroll to. */
  focus: string | null;
  intro: ReactNode;
}

/** How near to its end (in pixels) a list must be to follow new messages. */
const followDistance = 120;
const groupMs = 5 * 60_000;

/** A channel's messages, oldest first, kept at the newest unless the person has scrolled up. */
export function MessageList({ label, messages, unread, focus, intro }: MessageListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const loaded = messages !== undefined;

  useEffect(() => {
    // Messages grow after they came (an edit, an image): follow the height, not only the count.
    const observer = new ResizeObserver(() => {
      const element = scroller.current;
      if (element && follows.current) element.scrollTop = element.scrollHeight;
    });
    if (content.current) observer.observe(content.current);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (!loaded || !focus) return;
    const target = content.current?.querySelector<HTMLElement>(`[data-ts="${focus}"]`);
    if (!target) return;
    follows.current = false;
    target.scrollIntoView({ block: "center" });
    target.classList.add("message-found");
  }, [loaded, focus]);

  return (
    <div
      className="message-scroller"
      ref={scroller}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        follows.current = scrollHeight - scrollTop - clientHeight < followDistance;
      }}
    >
      <div
        className="message-list"
        ref={content}
        role="log"
        aria-live="polite"
        aria-label={label}
        tabIndex={0}
      >
        {intro}
        {messages && <Messages messages={messages} unread={unread} />}
      </div>
    </div>
  );
}

function Messages({ messages, unread }: { messages: Message[]; unread: number }) {
  const firstUnread = unread > 0 ? messages.at(-unread) : undefined;
  return messages.map((message, index) => {
    const previous = messages[index - 1];
    const day = dayLabel(message.ts);
    const newDay = !previous || dayLabel(previous.ts) !== day;
    const isNew = message === firstUnread;
    return (
      <div key={message.ts}>
        {newDay && (
          <div className="day-line">
            <span>{day}</span>
          </div>
        )}
        {isNew && (
          <div className="new-line">
            <span>New</span>
          </div>
        )}
        <MessageItem
          message={message}
          compact={!newDay && !isNew && continues(previous, message)}
          inThread={false}
        />
      </div>
    );
  });
}

/** Whether a message is drawn under the author of the one before. */
export function continues(previous: Message | undefined, message: Message): boolean {
  return (
    previous !== undefined &&
    previous.user === message.user &&
    previous.username === message.username &&
    !previous.subtype === !message.subtype &&
    !previous.is_ephemeral &&
    !message.is_ephemeral &&
    !message.is_pinned &&
    dateOfTs(message.ts).getTime() - dateOfTs(previous.ts).getTime() < groupMs
  );
}

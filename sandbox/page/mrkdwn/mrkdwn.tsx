import { Fragment, type ReactNode } from "react";
import { useWho, useSelected } from "../slack/workspace-context.tsx";
import { goTo } from "../place.ts";
import { formatDateTokens } from "./dates.ts";
import { SafeLink } from "./safe-link.tsx";
import { type Inline, type Paragraph, parseMrkdwn } from "./parse.ts";

/** Text in Slack's mrkdwn. */
export function Mrkdwn({ text }: { text: string }) {
  return parseMrkdwn(text).map((paragraph, index) => <Block key={index} paragraph={paragraph} />);
}

function Block({ paragraph }: { paragraph: Paragraph }) {
  switch (paragraph.kind) {
    case "quote":
      return (
        <blockquote className="quote">
          <Inlines nodes={paragraph.children} />
        </blockquote>
      );
    case "preformatted":
      return (
        <pre className="preformatted">
          <Inlines nodes={paragraph.children} />
        </pre>
      );
    case "paragraph":
      return <Inlines nodes={paragraph.children} />;
  }
}

function Inlines({ nodes }: { nodes: Inline[] }) {
  return nodes.map((node, index) => <Fragment key={index}>{inline(node)}</Fragment>);
}

function inline(node: Inline): ReactNode {
  switch (node.kind) {
    case "text":
      return node.text;
    case "emoji":
      return <span className="emoji">{node.text}</span>;
    case "code":
      return <code className="code">{node.text}</code>;
    case "break":
      return <br />;
    case "bold":
      return (
        <strong>
          <Inlines nodes={node.children} />
        </strong>
      );
    case "italic":
      return (
        <em>
          <Inlines nodes={node.children} />
        </em>
      );
    case "strike":
      return (
        <s>
          <Inlines nodes={node.children} />
        </s>
      );
    case "link":
      return <SafeLink href={node.href}>{node.label}</SafeLink>;
    case "user":
      return <UserMention id={node.id} />;
    case "channel":
      return <ChannelMention id={node.id} label={node.label} />;
    case "group":
      return <GroupMention id={node.id} label={node.label} />;
    case "broadcast":
      return <span className="mention mention-me">@{node.name}</span>;
    case "date":
      return <DateText date={node} />;
  }
}

export function UserMention({ id }: { id: string }) {
  const { users, user } = useWho();
  const named = users.find((other) => other.id === id);
  return <span className={`mention ${id === user.id ? "mention-me" : ""}`}>@{named?.real_name ?? id}</span>;
}

export function ChannelMention({ id, label }: { id: string; label: string | undefined }) {
  const channel = useSelected((state) => state.channels.find((other) => other.id === id));
  // Slack says no more of a channel that the reader may not see.
  if (!channel) return <span className="mention">#{label ?? "private-channel"}</span>;
  return (
    <button
      type="button"
      className="mention mention-button"
      onClick={() => goTo({ view: { kind: "channel", channel: id } })}
    >
      #{channel.name}
    </button>
  );
}

export function GroupMention({ id, label }: { id: string; label: string | undefined }) {
  const { user_groups: groups, user } = useWho();
  const group = groups.find((other) => other.id === id);
  const mine = group?.users.includes(user.id);
  return <span className={`mention ${mine ? "mention-me" : ""}`}>@{group?.handle ?? label ?? id}</span>;
}

function DateText({ date }: { date: Extract<Inline, { kind: "date" }> }) {
  const shown = formatDateTokens(date.seconds, date.format);
  const time = (
    <time dateTime={new Date(date.seconds * 1000).toISOString()} title={date.fallback}>
      {shown}
    </time>
  );
  return date.link ? <SafeLink href={date.link}>{time}</SafeLink> : time;
}

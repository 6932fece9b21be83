import { type ReactNode, useState } from "react";
import type { Channel } from "../../slack/client-api.ts";
import { goTo } from "../place.ts";
import { useWho, useSelected } from "../slack/workspace-context.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { Icon } from "../ui/icons.tsx";
import { ChannelBrowser } from "./channel-browser.tsx";

/** Incident channels first, as a team would sort its own sections. */
const isIncident = (channel: Channel) => channel.name.startsWith("inc-");

/** Channels, direct messages and apps of the person. `current`: null while the app's home is shown. */
export function Sidebar({ current }: { current: string | null }) {
  const channels = useSelected((state) => state.channels);
  const { app } = useWho();
  const [browsing, setBrowsing] = useState(false);
  const mine = channels.filter(
    (channel) => !channel.is_archived && (channel.is_member || channel.id === current),
  );
  const rooms = mine.filter((channel) => !channel.is_im).sort((a, b) => a.name.localeCompare(b.name));
  const incidents = rooms.filter(isIncident).reverse();
  const direct = mine.filter((channel) => channel.is_im);

  return (
    <nav className="sidebar" aria-label="Channels and apps">
      {incidents.length > 0 && (
        <Section title="Incidents">
          {incidents.map((channel) => (
            <ChannelLink key={channel.id} channel={channel} current={current} />
          ))}
        </Section>
      )}
      <Section title="Channels">
        {rooms
          .filter((channel) => !isIncident(channel))
          .map((channel) => (
            <ChannelLink key={channel.id} channel={channel} current={current} />
          ))}
        <li>
          <button type="button" className="sidebar-link sidebar-quiet" onClick={() => setBrowsing(true)}>
            <Icon name="search" />
            Browse channels
          </button>
        </li>
      </Section>
      {direct.length > 0 && (
        <Section title="Direct messages">
          {direct.map((channel) => (
            <ChannelLink key={channel.id} channel={channel} current={current} />
          ))}
        </Section>
      )}
      <Section title="Apps">
        <li>
          <button
            type="button"
            className={`sidebar-link ${current === null ? "sidebar-current" : ""}`}
            aria-current={current === null ? "page" : undefined}
            onClick={() => goTo({ view: { kind: "home" } })}
          >
            <Avatar id={app.user} name={app.name} isBot size="small" />
            {app.name}
          </button>
        </li>
      </Section>
      {browsing && <ChannelBrowser onClose={() => setBrowsing(false)} />}
    </nav>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="sidebar-section">
      <h2>{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

function ChannelLink({ channel, current }: { channel: Channel; current: string | null }) {
  const { app } = useWho();
  const here = channel.id === current;
  const unread = channel.unread > 0 && !here;
  return (
    <li>
      <button
        type="button"
        className={`sidebar-link ${here ? "sidebar-current" : ""} ${unread ? "sidebar-unread" : ""}`}
        aria-current={here ? "page" : undefined}
        aria-label={`${channel.name}${channel.is_private && !channel.is_im ? ", private" : ""}${unread ? ", unread" : ""}`}
        onClick={() => goTo({ view: { kind: "channel", channel: channel.id } })}
      >
        {channel.is_im ? (
          <Avatar
            id={channel.user ?? channel.id}
            name={channel.name}
            isBot={channel.user === app.user}
            size="small"
          />
        ) : (
          <Icon name={channel.is_private ? "lock" : "hash"} />
        )}
        <span className="sidebar-name">{channel.name}</span>
        {unread && channel.unread_mentions > 0 && <span className="badge">{channel.unread_mentions}</span>}
      </button>
    </li>
  );
}

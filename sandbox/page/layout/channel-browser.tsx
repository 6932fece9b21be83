import { goTo } from "../place.ts";
import { useSelected } from "../slack/workspace-context.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";

/** Every channel the person may see, joined or not, archived ones too. */
export function ChannelBrowser({ onClose }: { onClose: () => void }) {
  const channels = useSelected((state) => state.channels);
  const rooms = channels.filter((channel) => !channel.is_im).sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Dialog title="All channels" onClose={onClose}>
      <ul className="browser-list">
        {rooms.map((channel) => (
          <li key={channel.id}>
            <button
              type="button"
              className="browser-item"
              onClick={() => {
                goTo({ view: { kind: "channel", channel: channel.id } });
                onClose();
              }}
            >
              <span className="browser-name">
                <Icon name={channel.is_private ? "lock" : "hash"} />
                {channel.name}
              </span>
              <span className="browser-facts">
                {channel.is_archived ? "Archived" : channel.is_member ? "Joined" : "Not joined"} ·{" "}
                {channel.member_count === 1 ? "1 member" : `${channel.member_count} members`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

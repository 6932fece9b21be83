import type { Message } from "../../slack/client-api.ts";
import { emojiOf } from "../mrkdwn/emoji.ts";
import { goTo } from "../place.ts";
import { useAttempt, useWho, useWorkspace } from "../slack/workspace-context.tsx";
import { useToast } from "../ui/toasts.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { EmojiMenu } from "./emoji-menu.tsx";
import { useToggleReaction } from "./reactions.tsx";

const quickReactions = ["pushpin", "eyes", "white_check_mark"];

interface MessageActionsProps {
  message: Message;
  inThread: boolean;
  onEdit: () => void;
}

/** The toolbar over a message: reactions, reply, and what else can be done with it. */
export function MessageActions({ message, inThread, onEdit }: MessageActionsProps) {
  const toggle = useToggleReaction(message);
  return (
    <div className="message-actions" role="toolbar" aria-label="Message actions">
      {quickReactions.map((name) => (
        <button
          key={name}
          type="button"
          className="icon-button"
          aria-label={`React with ${name}`}
          title={`React with :${name}:`}
          onClick={() => toggle(name)}
        >
          {emojiOf(name)}
        </button>
      ))}
      <EmojiMenu className="icon-button" onChoose={toggle} />
      {!inThread && (
        <button
          type="button"
          className="icon-button"
          aria-label="Reply in thread"
          title="Reply in thread"
          onClick={() =>
            goTo({
              view: { kind: "channel", channel: message.channel },
              thread: message.thread_ts ?? message.ts,
            })
          }
        >
          <Icon name="reply" />
        </button>
      )}
      <MoreMenu message={message} onEdit={onEdit} />
    </div>
  );
}

function MoreMenu({ message, onEdit }: { message: Message; onEdit: () => void }) {
  const { call } = useWorkspace();
  const { shortcuts, app, user } = useWho();
  const attempt = useAttempt();
  const toast = useToast();
  const at = { channel: message.channel, ts: message.ts };
  const mine = message.user === user.id && !message.subtype;

  async function runShortcut(callbackId: string): Promise<void> {
    await attempt(async () => {
      const delivery = await call("shortcut.run", { callback_id: callbackId, ...at });
      if (delivery.message) toast(delivery.message);
    });
  }

  return (
    <Menu label="More actions" trigger={<Icon name="more" />} align="end">
      {shortcuts
        .filter((shortcut) => shortcut.type === "message")
        .map((shortcut) => (
          <MenuItem key={shortcut.callback_id} onChoose={() => void runShortcut(shortcut.callback_id)}>
            <span className="menu-two-lines">
              <strong>{shortcut.name}</strong>
              <span>{app.name}</span>
            </span>
          </MenuItem>
        ))}
      {message.is_pinned ? (
        <MenuItem onChoose={() => void attempt(() => call("pin.remove", at))}>Unpin from channel</MenuItem>
      ) : (
        <MenuItem onChoose={() => void attempt(() => call("pin.add", at))}>Pin to channel</MenuItem>
      )}
      {mine && <MenuItem onChoose={onEdit}>Edit message</MenuItem>}
      {mine && (
        <MenuItem danger onChoose={() => void attempt(() => call("message.delete", at))}>
          Delete message
        </MenuItem>
      )}
    </Menu>
  );
}

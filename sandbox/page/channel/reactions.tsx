import type { Message } from "../../slack/client-api.ts";
import { emojiOf } from "../mrkdwn/emoji.ts";
import { useAttempt, useWho, useWorkspace } from "../slack/workspace-context.tsx";
import { EmojiMenu } from "./emoji-menu.tsx";

/** The reactions under a message; a press adds or takes back one's own. */
export function Reactions({ message }: { message: Message }) {
  const { user, users } = useWho();
  const toggle = useToggleReaction(message);
  if (!message.reactions?.length) return null;
  return (
    <div className="reactions">
      {message.reactions.map((reaction) => {
        const mine = reaction.users.includes(user.id);
        const names = users
          .filter((other) => reaction.users.includes(other.id))
          .map((other) => other.real_name);
        return (
          <button
            key={reaction.name}
            type="button"
            className={`reaction ${mine ? "reaction-mine" : ""}`}
            aria-pressed={mine}
            aria-label={`${reaction.name}, ${reaction.count}`}
            title={`${names.join(", ")} reacted with :${reaction.name}:`}
            onClick={() => toggle(reaction.name)}
          >
            <span className="emoji">{emojiOf(reaction.name) ?? `:${reaction.name}:`}</span>
            {reaction.count}
          </button>
        );
      })}
      <EmojiMenu className="reaction reaction-add" onChoose={toggle} />
    </div>
  );
}

/** Adds the person's reaction, or takes it back. */
export function useToggleReaction(message: Message): (name: string) => void {
  const { call } = useWorkspace();
  const { user } = useWho();
  const attempt = useAttempt();
  return function toggle(name) {
    const mine = message.reactions?.some((other) => other.name === name && other.users.includes(user.id));
    const at = { channel: message.channel, ts: message.ts, name };
    void attempt(() => (mine ? call("reaction.remove", at) : call("reaction.add", at)));
  };
}

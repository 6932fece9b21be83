import { emojiOf } from "../mrkdwn/emoji.ts";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/menu.tsx";

const offered = [
  "pushpin",
  "eyes",
  "white_check_mark",
  "+1",
  "-1",
  "tada",
  "fire",
  "rotating_light",
  "warning",
  "hourglass_flowing_sand",
  "raised_hands",
  "thinking_face",
  "memo",
  "heart",
  "x",
  "question",
];

/** A small picker with the reactions an incident needs. */
export function EmojiMenu({ className, onChoose }: { className: string; onChoose: (name: string) => void }) {
  return (
    <Menu label="Add reaction" trigger={<Icon name="smile" />} className={className} align="end">
      <div className="emoji-grid">
        {offered.map((name) => (
          <button
            key={name}
            type="button"
            role="menuitem"
            className="emoji-choice"
            aria-label={name}
            title={`:${name}:`}
            onClick={() => onChoose(name)}
          >
            {emojiOf(name)}
          </button>
        ))}
      </div>
    </Menu>
  );
}

import { Mrkdwn } from "../mrkdwn/mrkdwn.tsx";
import { withEmoji } from "../mrkdwn/emoji.ts";
import type { TextObject } from "./kit.ts";

/** A text object of either type. */
export function Text({ text }: { text: TextObject }) {
  if (text.type === "mrkdwn") return <Mrkdwn text={text.text} />;
  return <span className="plain-text">{withEmoji(text.text)}</span>;
}

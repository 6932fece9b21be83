import { emojify, get, has } from "node-emoji";

/** Slack's names where the library knows the character under another one. */
const slackNames: Record<string, string> = {
  large_green_circle: "🟢",
  large_yellow_circle: "🟡",
  large_orange_circle: "🟠",
  large_purple_circle: "🟣",
  large_brown_circle: "🟤",
  large_red_square: "🟥",
  large_green_square: "🟩",
  large_yellow_square: "🟨",
  large_orange_square: "🟧",
  large_blue_square: "🟦",
  thumbsup: "👍",
  thumbsdown: "👎",
  octagonal_sign: "🛑",
  ladybug: "🐞",
  knife: "🔪",
};

/** The character of a shortcode without colons ("rotating_light"); undefined when there is none. */
export function emojiOf(name: string): string | undefined {
  const own = slackNames[name];
  if (own) return own;
  return has(name) ? get(name) : undefined;
}

/** Text with every known `:shortcode:` replaced, for places that hold plain text only (a button's label). */
export function withEmoji(text: string): string {
  return emojify(text.replaceAll(/:([a-z0-9_+-]+):/g, (code, name: string) => slackNames[name] ?? code));
}

import type { Message } from "../../slack/client-api.ts";
import { withEmoji } from "../mrkdwn/emoji.ts";

const previewLength = 140;

/** The start of a message as one line of plain text. */
export function previewOf(message: Message): string {
  const plain = withEmoji(message.text)
    .replaceAll(/<[^<>|]*\|([^<>]*)>/g, "$1")
    .replaceAll(/<([^<>]*)>/g, "$1")
    .replaceAll(/[*_~`]/g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
  return plain.length > previewLength ? `${plain.slice(0, previewLength)}…` : plain;
}

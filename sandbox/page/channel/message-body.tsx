import type { Block, Message } from "../../slack/client-api.ts";
import { Blocks } from "../blocks/blocks.tsx";
import { LocalSurface } from "../blocks/surface.tsx";
import { Mrkdwn } from "../mrkdwn/mrkdwn.tsx";
import { FileCard } from "./file-card.tsx";

/** What a message says: blocks, or else its text; then attachments and files. */
export function MessageBody({ message }: { message: Message }) {
  const blocks = message.blocks ?? [];
  return (
    <div className="message-body">
      {blocks.length > 0 ? (
        <LocalSurface
          container={{ type: "message", channel: message.channel, ts: message.ts }}
          blocks={blocks}
        >
          <Blocks blocks={blocks} />
        </LocalSurface>
      ) : (
        <Mrkdwn text={message.text} />
      )}
      {message.edited && <span className="message-edited"> (edited)</span>}
      {message.attachments?.map((attachment, index) => (
        <Attachment key={index} attachment={attachment} message={message} />
      ))}
      {message.files?.map((file) => (
        <FileCard key={file.id} file={file} channel={message.channel} />
      ))}
    </div>
  );
}

/** The older way to set off a part of a message, with a colored bar. */
interface AttachmentLike {
  color?: string;
  pretext?: string;
  title?: string;
  text?: string;
  fallback?: string;
  fields?: { title: string; value: string }[];
  blocks?: Block[];
}

function Attachment({ attachment, message }: { attachment: AttachmentLike; message: Message }) {
  const { color, pretext, title, text, fields, blocks, fallback } = attachment;
  const barColor =
    color && /^#?[0-9a-f]{6}$/i.test(color) ? `#${color.replace("#", "")}` : namedColors[color ?? ""];
  const isPlain = !blocks && !text && !title && !fields;
  return (
    <div className="attachment">
      {pretext && <Mrkdwn text={pretext} />}
      <div className="attachment-body" style={{ borderLeftColor: barColor ?? "#dddddd" }}>
        {blocks && (
          <LocalSurface
            container={{ type: "message", channel: message.channel, ts: message.ts }}
            blocks={blocks}
          >
            <Blocks blocks={blocks} />
          </LocalSurface>
        )}
        {title && <strong>{title}</strong>}
        {text && <Mrkdwn text={text} />}
        {isPlain && fallback && <Mrkdwn text={fallback} />}
        {fields?.map((field) => (
          <div key={field.title}>
            <strong>{field.title}</strong> <Mrkdwn text={field.value} />
          </div>
        ))}
      </div>
    </div>
  );
}

const namedColors: Record<string, string> = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

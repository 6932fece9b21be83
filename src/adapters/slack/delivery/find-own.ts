import type { Row } from "../../../store/tables.ts";
import { refusalCode } from "../failure.ts";
import { type Courier, calling } from "./outcome.ts";

/** How crai's messages name themselves (docs.slack.dev/messaging/message-metadata). */
const metadataType = "crai";

export function metadataOf(row: Row<"outbox">): {
  event_type: string;
  event_payload: { key: string; version: number };
} {
  return { event_type: metadataType, event_payload: { key: row.key, version: row.version } };
}

export interface Standing {
  channel: string;
  ts: string;
  version: number;
}

const pageSize = 200;
const pages = 10;
/** s; Slack's clock against ours. */
const skew = 300;

interface Found {
  ts?: string | undefined;
  metadata?: { event_type?: string; event_payload?: { key?: unknown; version?: unknown } } | undefined;
}

function standing(channel: string, key: string, messages: readonly Found[]): Standing | undefined {
  for (const { ts, metadata } of messages) {
    if (ts === undefined || metadata?.event_type !== metadataType) continue;
    const { key: ofKey, version } = { ...metadata.event_payload };
    if (ofKey === key) return { channel, ts, version: Number(version ?? 0) };
  }
  return undefined;
}

/**
 * Looks for a message that was sent and whose answer never came. undefined: it does not stand there, or Slack does not
 * let us look (then it is sent again: rather twice than never).
 */
export async function findOwn(
  courier: Courier,
  row: Row<"outbox">,
  { channel, thread }: { channel: string; thread: string | undefined },
): Promise<Standing | undefined> {
  const { client, log } = courier;
  const method = thread === undefined ? "conversations.history" : "conversations.replies";
  const oldest = String(Math.floor(row.created_at.getTime() / 1000) - skew);
  const range = { channel, oldest, limit: pageSize, include_all_metadata: true };
  let cursor: string | undefined;
  try {
    for (let page = 0; page < pages; page += 1) {
      const more = cursor === undefined ? {} : { cursor };
      const answer = await calling(courier, { method }, () =>
        thread === undefined
          ? client.conversations.history({ ...range, ...more })
          : client.conversations.replies({ ...range, ...more, ts: thread }),
      );
      const found = standing(channel, row.key, answer.messages ?? []);
      if (found !== undefined) return found;
      cursor = answer.response_metadata?.next_cursor;
      if (cursor === undefined || cursor === "") return undefined;
    }
  } catch (error) {
    const code = refusalCode(error);
    if (code === undefined) throw error;
    log.warn({ outbox: row.id, code }, "could not look whether a message was posted; it is posted again");
  }
  return undefined;
}

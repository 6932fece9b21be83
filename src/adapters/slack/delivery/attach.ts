import type { Attachment } from "../../../domain/view.ts";
import { failureText, failureOf } from "../failure.ts";
import { type Courier, calling } from "./outcome.ts";

interface Shelf {
  channel: string;
  thread: string | undefined;
  /** `ts` of the message they come with; undefined: nothing of an interrupted attempt can be found again. */
  after: string | undefined;
}

/** Files that follow their message already, after an interruption. */
async function standing(courier: Courier, { channel, thread, after }: Shelf): Promise<Set<string>> {
  if (after === undefined) return new Set();
  const { client } = courier;
  const method = thread === undefined ? "conversations.history" : "conversations.replies";
  const range = { channel, oldest: after, limit: 200 };
  const answer = await calling(courier, { method }, () =>
    thread === undefined
      ? client.conversations.history(range)
      : client.conversations.replies({ ...range, ts: thread }),
  );
  const files = (answer.messages ?? []).flatMap((message) => message.files ?? []);
  return new Set(files.flatMap(({ name }) => (name === undefined || name === null ? [] : [name])));
}

/** Uploads files below a message, where people see them. What Slack refuses is said in the log: the message itself stands. */
export async function attach(
  courier: Courier,
  attachments: readonly Attachment[],
  shelf: Shelf,
  resumed: boolean,
): Promise<void> {
  if (attachments.length === 0) return;
  const there = resumed ? await standing(courier, shelf) : new Set();
  const missing = attachments.filter(({ filename }) => !there.has(filename));
  if (missing.length === 0) return;
  const { channel, thread } = shelf;
  try {
    await calling(courier, { method: "files.completeUploadExternal" }, () =>
      courier.client.filesUploadV2({
        channel_id: channel,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        file_uploads: missing.map(({ filename, title, alt, content, encoding }) => {
          const named = { filename, title, ...(alt === undefined ? {} : { alt_text: alt }) };
          return encoding === undefined
            ? { ...named, content }
            : { ...named, file: Buffer.from(content, encoding) };
        }),
      }),
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== "refused" || failure.byAdmin) throw error;
    courier.log.error({ channel, why: failureText(failure) }, "a file could not be uploaded");
  }
}

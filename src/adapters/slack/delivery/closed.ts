import { receive } from "../../../store/inbox.ts";
import { refusedChannels, reopenFailed } from "../../../store/outbox.ts";
import type { SlackDelivery } from "../../../engine/inbox.ts";
import { failureOf, failureText, refusalCode } from "../failure.ts";
import { type Courier, calling } from "./outcome.ts";

/**
 * Refusals of the place, not of what is said there: crai is not in it, may not write in it, or it is archived
 * (docs.slack.dev/reference/methods/chat.postMessage and chat.update, "Errors").
 */
const closedCodes = new Set([
  "channel_not_found",
  "is_archived",
  "is_inactive",
  "not_in_channel",
  "posting_to_general_channel_denied",
  "restricted_action",
  "restricted_action_non_threadable_channel",
  "restricted_action_read_only_channel",
  "restricted_action_thread_only_channel",
  "user_not_in_channel",
]);

/** Why nothing can be said in a channel; undefined: something else went wrong. */
export function closedCode(error: unknown): string | undefined {
  const code = refusalCode(error);
  return code !== undefined && closedCodes.has(code) ? code : undefined;
}

/** How `closedCode` stands in the outbox, and the code it means. */
const closedErrors: ReadonlyMap<string, string> = new Map(
  [...closedCodes].map((code) => [failureText({ kind: "refused", code, byAdmin: false }), code]),
);

/** Knows again after a start where Slack did not let crai write before: people were told then. */
export async function recallClosed({
  db,
  now,
  closed,
}: Pick<Courier, "db" | "now" | "closed">): Promise<void> {
  const errors = [...closedErrors.keys()];
  for (const { channel, error } of await refusedChannels(db, { errors, at: now() }))
    closed.set(channel, closedErrors.get(error) ?? error);
}

/** Comes into a public channel. False: Slack does not let us. */
async function enter(courier: Courier, channel: string): Promise<boolean> {
  try {
    courier.pace.spend({ method: "conversations.join" });
    await calling(courier, { method: "conversations.join" }, () =>
      courier.client.conversations.join({ channel }),
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.kind !== "refused") throw error;
    courier.log.info({ channel, why: failureText(failure) }, "a channel could not be joined");
    return false;
  }
  await entered(courier, channel);
  return true;
}

/** Slack lets crai write there (again): what had to wait is said now. */
export async function entered(
  { db, now, closed }: Pick<Courier, "db" | "now" | "closed">,
  channel: string,
): Promise<void> {
  closed.delete(channel);
  await reopenFailed(db, { channel, errors: [...closedErrors.keys()], at: now() });
}

/** Makes a call in a channel; comes into a public one that crai is not in, and makes it again. */
export async function inChannel<T>(courier: Courier, channel: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (refusalCode(error) !== "not_in_channel" || !(await enter(courier, channel))) throw error;
    return run();
  }
}

type Shut = Extract<SlackDelivery, { kind: "channel.closed" }>;

/** Lets people know, once until the channel opens again, that crai has something to say in it and cannot. */
export async function noteClosed(courier: Courier, about: Pick<Shut, "place" | "code">): Promise<void> {
  const { db, now, closed, wakeInbox } = courier;
  const id = "channel" in about.place ? about.place.channel : `incident ${about.place.incident}`;
  if (closed.has(id)) return;
  closed.set(id, about.code);
  const at = now();
  const body: Shut = { kind: "channel.closed", ...about, at: at.toISOString() };
  await receive(db, { source: "slack", key: `closed:${id}:${at.getTime()}`, body, receivedAt: at });
  wakeInbox();
}

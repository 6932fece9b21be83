import type { ChannelRef, SlackMessage } from "../../../engine/ports.ts";
import { incidentByNumber } from "../../../store/incidents.ts";
import { outboxByKey } from "../../../store/outbox.ts";
import { type Courier, calling, type Outcome } from "./outcome.ts";

/** Looked at again at the latest after this; sooner when anything was delivered. */
export const notYet: Outcome = { is: "waiting", ms: 1000, for: "another" };

/** undefined: its channel does not exist yet. */
export async function channelOf({ db }: Courier, ref: ChannelRef): Promise<string | undefined> {
  if ("id" in ref) return ref.id;
  return (await incidentByNumber(db, ref.incident))?.channel ?? undefined;
}

/** `channel`: that of the root, which may stand elsewhere than it was to. */
export type Thread = { is: "known"; ts: string | undefined; channel?: string } | { is: "not yet" };

/** The thread a message stands in. One whose root was given up stands in the channel. */
export async function threadOf(
  { db }: Courier,
  { thread, under }: Pick<SlackMessage & { do: "post" }, "thread" | "under">,
): Promise<Thread> {
  if (under === undefined) return { is: "known", ts: thread };
  const root = await outboxByKey(db, under);
  if (root?.receipt?.ts !== undefined && root.delivered_version > 0)
    return {
      is: "known",
      ts: root.receipt.ts,
      ...(root.receipt.channel !== undefined && { channel: root.receipt.channel }),
    };
  const hopeless = root === undefined || root.failed_at !== null || root.delivered_version > 0;
  return hopeless ? { is: "known", ts: thread } : { is: "not yet" };
}

/** The direct messages of crai with one person. */
export async function directChannel(courier: Courier, user: string): Promise<string> {
  const { channel } = await calling(courier, { method: "conversations.open" }, () =>
    courier.client.conversations.open({ users: user }),
  );
  return channel?.id ?? "";
}

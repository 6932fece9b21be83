import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Playbook } from "../../domain/playbook.ts";
import type { View } from "../../domain/view.ts";
import type { Database } from "../../store/database.ts";
import { appendEntry } from "../../store/timeline.ts";
import { ownerChannel, ownerMention } from "../owners.ts";
import { say } from "../record.ts";
import { dayIn } from "../time-of-day.ts";
import type { Playbooks } from "./loaded.ts";

type Metadata = Playbook["metadata"];

export interface ReviewsOptions {
  db: Database;
  config: Pick<Config, "teams" | "contacts" | "slack" | "timeZone">;
  playbooks: () => Playbooks;
  now: Clock;
}

/** Overdue from the day after the one it is due on. Both are days by their date (ISO 8601). */
export function isOverdue({ nextReview }: Pick<Metadata, "nextReview">, today: string): boolean {
  return nextReview < today;
}

function overdueView(late: readonly Metadata[], config: ReviewsOptions["config"]): View {
  const count = late.length === 1 ? "A playbook is" : `${late.length} playbooks are`;
  const summary = `${count} past the day of review.`;
  return {
    summary,
    blocks: [
      { type: "text", text: ["📖 ", ownerMention(config, late[0]!.owner), `: ${summary}`] },
      {
        type: "list",
        items: late.map(({ name, version, nextReview }) => [
          { bold: name },
          ` v${version}, due on ${nextReview}`,
        ]),
      },
      {
        type: "note",
        text: [
          "They stay in force. Look each through and set its dates in its file; ",
          { code: "playbooks" },
          " lists them all. This is said once.",
        ],
      },
    ],
  };
}

/** Tells each owner once of the playbooks whose day of review has passed. */
export function createReviews({ db, config, playbooks, now }: ReviewsOptions): () => Promise<void> {
  return async () => {
    const at = now();
    const today = dayIn(config.timeZone, at);
    const late = [...playbooks().values()]
      .map(({ metadata }) => metadata)
      .filter((metadata) => isOverdue(metadata, today));
    await db.transaction().execute(async (trx) => {
      const news: Metadata[] = [];
      for (const metadata of late) {
        const { name, owner, nextReview } = metadata;
        const entry = await appendEntry(trx, {
          stream: "crai",
          at,
          key: `review.due:${name}:${nextReview}`,
          actor: { kind: "observer" },
          fact: { kind: "review.due", playbook: name, owner, nextReview },
        });
        if (entry !== undefined) news.push(metadata);
      }
      for (const [owner, of] of Map.groupBy(news, (metadata) => metadata.owner)) {
        const channel = ownerChannel(config, owner);
        if (channel === undefined) continue;
        const telling = { key: `reviews:${owner}:${at.toISOString()}`, about: null };
        await say(trx, telling, { do: "post", channel: { id: channel }, view: overdueView(of, config) }, at);
      }
    });
  };
}

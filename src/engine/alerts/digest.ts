import type { Clock } from "../../domain/clock.ts";
import type { Config } from "../../domain/config.ts";
import type { Text, View } from "../../domain/view.ts";
import { markDigested, undigested } from "../../store/alerts.ts";
import type { Database } from "../../store/database.ts";
import type { Row } from "../../store/tables.ts";
import { appChannel } from "../owners.ts";
import { page, table } from "../page.ts";
import { say } from "../record.ts";
import { dayIn } from "../time-of-day.ts";

/** Different alerts that one digest names. */
const NAMED = 20;

interface DigestOptions {
  db: Database;
  config: Pick<Config, "apps" | "slack" | "timeZone">;
  now: Clock;
}

function stateOf(rows: readonly Row<"alert">[]): string {
  const firing = rows.filter(({ status }) => status === "firing");
  if (firing.length === 0) return "over";
  return firing.every(({ silent_at: silent }) => silent !== null) ? "not heard since" : "firing";
}

function digestView(rows: readonly Row<"alert">[], day: string): View {
  const groups = [...Map.groupBy(rows, ({ app, title }) => JSON.stringify([app, title])).values()];
  const lines = groups.slice(0, NAMED).map((same): Text[] => {
    const last = same.at(-1)!;
    return [
      last.app ?? last.source,
      last.title,
      String(same.length),
      { time: last.last_received_at, as: "clock" },
      stateOf(same),
    ];
  });
  const more = groups.length - NAMED;
  const count = `${rows.length} info ${rows.length === 1 ? "alert" : "alerts"}`;
  return page(
    `${count} since the last digest (${day})`,
    table(["App", "Alert", "Fired", "Last heard", "Now"], lines),
    more > 0 ? { type: "note", text: `and ${more} different ones more` } : null,
  );
}

/** Info alerts wake nobody: once a day each app's channel hears what has come since; nothing where nothing came. */
export function createDigest({ db, config, now }: DigestOptions): () => Promise<void> {
  return async () => {
    const at = now();
    await db.transaction().execute(async (trx) => {
      const rows = await undigested(trx);
      await markDigested(trx, rows);
      for (const [channel, of] of Map.groupBy(rows, ({ app }) => appChannel(config, app))) {
        if (channel === undefined) continue;
        const view = digestView(of, dayIn(config.timeZone, at));
        const telling = { key: `digest:${channel}:${at.toISOString()}`, about: null };
        await say(trx, telling, { do: "post", channel: { id: channel }, view }, at);
      }
    });
  };
}

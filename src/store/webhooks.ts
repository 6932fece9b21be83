import type { Database, Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** When each source was last heard and last refused, for `doctor`. */
export async function webhookNews(db: Queries): Promise<Row<"webhook">[]> {
  return db.selectFrom("webhook").selectAll().orderBy("source").execute();
}

/** Takes note of what the webhooks hear and refuse. */
export interface WebhookLog {
  taken(source: string, at: Date): void;
  refused(source: string, why: string, at: Date): void;
}

/** ms between two writes of the same news: a storm of alerts must not be a storm of updates. */
const EVERY = 5000;

/** Written beside the answer, never before it. */
export function createWebhookLog(db: Database, onError: (error: unknown) => void): WebhookLog {
  const written = new Map<string, number>();

  function write(source: string, what: "taken" | "refused", at: Date, why: string | null): void {
    const key = `${source}:${what}`;
    if (at.getTime() - (written.get(key) ?? 0) < EVERY) return;
    written.set(key, at.getTime());
    const change = what === "taken" ? { seen_at: at } : { refused_at: at, refused_why: why };
    db.insertInto("webhook")
      .values({ source, seen_at: null, refused_at: null, refused_why: null, ...change })
      .onConflict((conflict) => conflict.column("source").doUpdateSet(change))
      .execute()
      .catch(onError);
  }

  return {
    taken: (source, at) => write(source, "taken", at, null),
    refused: (source, why, at) => write(source, "refused", at, why),
  };
}

import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** What a group or schedule held when it was last told: `group:<Slack ID>` or `schedule:<PagerDuty ID>`. */
export async function lastMembers(db: Queries, source: string): Promise<Row<"member_list"> | undefined> {
  return db.selectFrom("member_list").selectAll().where("source", "=", source).executeTakeFirst();
}

export async function keepMembers(
  db: Queries,
  source: string,
  people: Row<"member_list">["people"],
  at: Date,
): Promise<void> {
  const values = { people: JSON.stringify(people), told_at: at };
  await db
    .insertInto("member_list")
    .values({ source, ...values })
    .onConflict((conflict) => conflict.column("source").doUpdateSet(values))
    .execute();
}

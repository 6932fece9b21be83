import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** Whether each playbook could be planned when that was last seen. */
export async function knownRot(db: Queries): Promise<Row<"rot">[]> {
  return db.selectFrom("rot").selectAll().execute();
}

export async function putRot(
  trx: Queries,
  { subject, able, why, at }: { subject: string; able: boolean; why: string | null; at: Date },
): Promise<void> {
  await trx
    .insertInto("rot")
    .values({ subject, able, why, seen_at: at })
    .onConflict((conflict) => conflict.column("subject").doUpdateSet({ able, why, seen_at: at }))
    .execute();
}

import type { ReadingsKept } from "../domain/readings.ts";
import type { Queries } from "./database.ts";

export async function readingsOf(
  db: Queries,
  incident: number,
  until: Date,
): Promise<ReadingsKept | undefined> {
  const row = await db
    .selectFrom("incident_readings")
    .select("document")
    .where("incident", "=", incident)
    .where("until", "=", until)
    .executeTakeFirst();
  return row?.document;
}

/** Keeps what was read; where somebody was faster, theirs stands and is returned. */
export async function keepReadings(
  db: Queries,
  { incident, until, kept, at }: { incident: number; until: Date; kept: ReadingsKept; at: Date },
): Promise<ReadingsKept> {
  await db
    .insertInto("incident_readings")
    .values({ incident, until, document: JSON.stringify(kept), taken_at: at })
    .onConflict((conflict) => conflict.columns(["incident", "until"]).doNothing())
    .execute();
  return (await readingsOf(db, incident, until)) ?? kept;
}

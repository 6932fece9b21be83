import { randomBytes } from "node:crypto";
import type { Database } from "./database.ts";

/** A random value that is made once for a database and stays. */
export async function keptSecret(db: Database, name: string): Promise<string> {
  const value = randomBytes(32).toString("hex");
  await db
    .insertInto("secret")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom("secret")
    .select("value")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return row.value;
}

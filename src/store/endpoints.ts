import type { Queries } from "./database.ts";
import type { Row } from "./tables.ts";

/** What `serve` calls a cluster: the command line compares the caller's own kubeconfig with it. */
export type Endpoint = Pick<Row<"cluster_endpoint">, "server" | "ca">;

export async function recordEndpoint(
  db: Queries,
  cluster: string,
  { server, ca }: Endpoint,
  at: Date,
): Promise<void> {
  await db
    .insertInto("cluster_endpoint")
    .values({ cluster, server, ca, seen_at: at })
    .onConflict((conflict) => conflict.column("cluster").doUpdateSet({ server, ca, seen_at: at }))
    .execute();
}

export async function recordedEndpoint(db: Queries, cluster: string): Promise<Endpoint | undefined> {
  return db
    .selectFrom("cluster_endpoint")
    .select(["server", "ca"])
    .where("cluster", "=", cluster)
    .executeTakeFirst();
}

import { Client } from "pg";

/** The role by which the API connects; it owns nothing and may do little. */
export const apiRole = "credit_risk_api";

/** Connections of the API whose transaction nobody has ended: a bug that every pool has met. */
export function createLeak(address: () => Promise<string>, database: string) {
  const open: Client[] = [];

  async function connect(name: string): Promise<void> {
    const url = new URL(await address());
    url.pathname = `/${database}`;
    url.username = apiRole;
    const client = new Client({ connectionString: url.href, application_name: name });
    // Whoever ends it ends it: the API would have to connect anew.
    client.on("error", () => undefined);
    await client.connect();
    open.push(client);
    await client.query("begin");
    await client.query("select 1");
  }

  return {
    /** Leaves so many transactions open. */
    async leak(count: number): Promise<void> {
      for (let index = 0; index < count; index++) await connect(`api worker ${open.length + 1}`);
    },
    async close(): Promise<void> {
      await Promise.all(open.map((client) => client.end().catch(() => undefined)));
    },
  };
}

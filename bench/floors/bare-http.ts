// The least a durable webhook can do: read the body, one INSERT, 202. Prints its port.
import { createServer } from "node:http";
import { Pool } from "pg";

const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 10 });
await pool.query(
  "create table if not exists bare (id bigint generated always as identity primary key, body jsonb not null)",
);

async function take(req: AsyncIterable<Buffer>): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk);
  await pool.query("insert into bare (body) values ($1)", [Buffer.concat(chunks).toString("utf8")]);
}

const server = createServer((req, res) => {
  take(req).then(
    () => res.writeHead(202).end(),
    () => res.writeHead(503).end(),
  );
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});

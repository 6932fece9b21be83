// The least a Bolt app can do: one INSERT, then ack. Prints its port.
import { createServer } from "node:http";
import { App, HTTPReceiver } from "@slack/bolt";
import { Pool } from "pg";

const pool = new Pool({ connectionString: process.env["DATABASE_URL"], max: 10 });
await pool.query(
  "create table if not exists bare (id bigint generated always as identity primary key, body jsonb not null)",
);
const receiver = new HTTPReceiver({
  signingSecret: process.env["SLACK_SIGNING_SECRET"] ?? "",
  endpoints: "/slack/events",
});
const app = new App({
  receiver,
  authorize: () => Promise.resolve({ botToken: "xoxb-bare", botId: "B1", botUserId: "U1" }),
});
app.command("/crai", async ({ ack, body }) => {
  await pool.query("insert into bare (body) values ($1)", [JSON.stringify(body)]);
  await ack();
});
const server = createServer((req, res) => receiver.requestListener(req, res));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});

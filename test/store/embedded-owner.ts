import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";

/** What `serve` is to its PostgreSQL: starts it, says so, and stays until it is ended. */
const server = await startEmbeddedPostgres(JSON.parse(process.argv[2]!));
console.log(JSON.stringify({ url: server.url, pid: server.pid, adopted: server.adopted }));
process.on("SIGTERM", () => void server.stop());
// Nothing else keeps the process alive.
const staying = setInterval(() => undefined, 60_000);
process.on("SIGTERM", () => clearInterval(staying));

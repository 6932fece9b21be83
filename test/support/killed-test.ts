import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { startProcess } from "./processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What a test worker leaves behind when it is killed in the middle: a server with its data, and a process of ours. */
const folder = temporaryFolder();
const server = await startEmbeddedPostgres({ dataDir: folder });
const ownerScript = new URL("../store/embedded-owner.ts", import.meta.url);
const child = startProcess(ownerScript, { args: [JSON.stringify({ dataDir: folder })] });
await child.waitFor(/\{.*\}/);
console.log(JSON.stringify({ folder, server: server.pid, child: child.pid }));

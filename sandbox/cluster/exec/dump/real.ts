import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Process, Program } from "../process.ts";
import { onShare } from "../volumes.ts";

/** PostgreSQL's own programs in a folder of this machine, on the practice database and the container's shares. */
export function realProgram(folder: string, name: string): Program {
  return async (process) => {
    const address = new URL((await process.system.database?.()) ?? "postgres://localhost");
    const args = await Promise.all(process.argv.slice(1).map((word) => onThisMachine(process, word)));
    const env = {
      PATH: folder,
      PGHOST: address.searchParams.get("host") ?? address.hostname,
      PGPORT: address.port || address.searchParams.get("port") || "5432",
      TZ: "UTC",
    };
    // As in a container: the program goes on when whoever started it is gone.
    const child = spawn(join(folder, name), args, { env, stdio: ["pipe", "pipe", "pipe"] });
    child.stdout.on("data", (data: Buffer) => process.out(data.toString("utf8")));
    child.stderr.on("data", (data: Buffer) => process.err(data.toString("utf8")));
    // Most of them end without reading it.
    child.stdin.on("error", () => undefined);
    child.stdin.end(await process.stdin());
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 137;
  };
}

async function onThisMachine(process: Process, word: string): Promise<string> {
  const [, option = "", path = ""] = /^(--[\w-]+=)?(\/.*)$/.exec(word) ?? [];
  const host = path === "" ? undefined : await onShare(process, path);
  return host === undefined ? word : `${option}${host}`;
}

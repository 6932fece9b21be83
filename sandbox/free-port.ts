import { createServer } from "node:net";

/**
 * A port that is free now, below the range systems give to outgoing connections and to port 0, so that nobody takes
 * it between this moment and the child's listening, or while the child is dead.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    if (await isFree(port)) return port;
  }
  throw new Error("Found no free port between 15000 and 30000 on 127.0.0.1.");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

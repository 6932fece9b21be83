import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { sendText } from "./http.ts";
import type { Part } from "./part.ts";

const localNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Somebody else listens on the port. */
export class PortInUse extends Error {
  override name = "PortInUse";
}

/**
 * Why a request is refused, or null. Everything here is reachable without a password, so a web page of somebody else
 * must not reach it: by its own name (DNS rebinding: a foreign Host) or through the person's browser (a foreign
 * Origin). Programs send no Origin.
 */
export function foreign(headers: IncomingMessage["headers"]): string | null {
  const { host, origin } = headers;
  if (host === undefined || !localNames.has(host.replace(/:\d+$/, "").toLowerCase())) {
    return `This sandbox answers on localhost only, not as "${host ?? ""}".`;
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    return `This sandbox takes no requests from pages of ${origin}.`;
  }
  return null;
}

/**
 * One HTTP port on 127.0.0.1 for all parts. The longest prefix wins and is cut off before the part sees the URL; "/"
 * takes what is left.
 * @throws {PortInUse}
 */
export async function listen(port: number) {
  const parts = new Map<string, Part>();

  function mounted(req: IncomingMessage): Part | undefined {
    const url = req.url ?? "/";
    const prefix = `/${url.split(/[/?]/, 2)[1] ?? ""}`;
    const part = parts.get(prefix);
    if (!part) return parts.get("/");
    const rest = url.slice(prefix.length);
    req.url = rest.startsWith("/") ? rest : `/${rest}`;
    return part;
  }

  const server = createServer((req, res) => {
    const refusal = foreign(req.headers);
    if (refusal !== null) {
      sendText(res, 403, refusal);
      return;
    }
    const part = mounted(req);
    if (!part) {
      sendText(res, 404, "There is nothing here.");
      return;
    }
    Promise.resolve(part.handle(req, res)).catch((error: unknown) => {
      console.error(`${req.method} ${req.url}:`, error);
      if (res.headersSent) res.destroy();
      else sendText(res, 500, `The sandbox failed: ${(error as Error).message}`);
    });
  });
  server.on("upgrade", (req, socket, head) => {
    const refusal = foreign(req.headers);
    const part = refusal === null ? mounted(req) : undefined;
    if (part?.upgrade) part.upgrade(req, socket, head);
    else
      socket.end(
        `HTTP/1.1 ${refusal === null ? "404 Not Found" : "403 Forbidden"}\r\nconnection: close\r\n\r\n`,
      );
  });
  // Watches and event streams stay open and silent for as long as they like.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 30_000;

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? new PortInUse(`Port ${port} is in use.`) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });

  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    /** @param prefix "/" or one segment, e.g. "/k8s" */
    mount(prefix: string, part: Part): void {
      parts.set(prefix, part);
    },
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve));
      await Promise.all([...parts.values()].map((part) => part.close()));
      server.closeAllConnections();
      await closed;
    },
  };
}

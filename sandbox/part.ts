import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/**
 * One outside system of the sandbox, mounted under a prefix of the one port.
 * `req.url` arrives with the prefix already cut off ("/k8s/api/v1" is seen as "/api/v1").
 */
export interface Part {
  handle(req: IncomingMessage, res: ServerResponse): void | Promise<void>;
  /** WebSocket upgrades below the part's prefix; absent = refused with 404. */
  upgrade?(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends timers, watches and sockets so that the process can exit. */
  close(): Promise<void>;
}

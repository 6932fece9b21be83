import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { State } from "../state.ts";
import type { AppLink, Delivery, EnvelopeKind, Retry, Timings } from "./link.ts";

/** docs.slack.dev/apis/events-api/using-socket-mode: ten connections an app. */
const maxConnections = 10;
/** How long a client may keep a socket it was told to leave. */
const farewellMs = 10_000;

export interface SocketMode extends AppLink {
  /** A fresh address for apps.connections.open; good for one connection. */
  newUrl(origin: string): string;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  connections(): number;
  /** The planned disconnect: tells every client to leave; they come back through apps.connections.open. */
  refresh(): void;
  /** The unplanned one: cuts the wires. */
  drop(): void;
  close(): void;
}

const ack = z.object({ envelope_id: z.string(), payload: z.unknown().optional() });

export function createSocketMode(state: State, timings: Timings): SocketMode {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  /** In order of arrival; envelopes go round. */
  let open: WebSocket[] = [];
  const waiting = new Map<string, (delivery: Delivery) => void>();
  const pings = setInterval(() => {
    for (const socket of server.clients) socket.ping();
  }, timings.pingMs);
  pings.unref();

  function leave(socket: WebSocket): void {
    const before = open.length;
    open = open.filter((one) => one !== socket);
    if (before > 0 && open.length === 0) state.emit({ type: "app_reachable", reachable: false });
  }

  function greet(socket: WebSocket): void {
    open.push(socket);
    if (open.length === 1) state.emit({ type: "app_reachable", reachable: true });
    socket.on("close", () => leave(socket));
    // A broken frame ends the connection, and "close" follows.
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      const { envelope_id, payload } = ack.parse(JSON.parse((data as Buffer).toString("utf8")));
      waiting.get(envelope_id)?.({ outcome: "acked", payload });
      waiting.delete(envelope_id);
    });
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: open.length,
        debug_info: { host: "sandbox", build_number: 1, approximate_connection_time: 3600 },
        connection_info: { app_id: state.bot.appId },
      }),
    );
  }

  return {
    newUrl(origin) {
      const ticket = randomUUID();
      tickets.add(ticket);
      return `${origin.replace(/^http/, "ws")}/socket?ticket=${ticket}&app_id=${state.bot.appId}`;
    },
    upgrade(req, socket, head) {
      const ticket = new URL(req.url ?? "/", "http://slack").searchParams.get("ticket") ?? "";
      if (!tickets.delete(ticket) || open.length >= maxConnections) {
        socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
        return;
      }
      server.handleUpgrade(req, socket, head, greet);
    },
    connections: () => open.length,
    isReachable: () => open.length > 0,
    send(kind, payload, retry) {
      const socket = open.shift();
      if (socket === undefined) return Promise.resolve({ outcome: "failed", reason: "no_connection" });
      open.push(socket);
      const envelope = envelopeOf(kind, payload, retry);
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(envelope.envelope_id);
          resolve({ outcome: "timeout" });
        }, timings.ackMs);
        waiting.set(envelope.envelope_id, (delivery) => {
          clearTimeout(timer);
          resolve(delivery);
        });
        socket.send(JSON.stringify(envelope));
      });
    },
    refresh() {
      for (const socket of open.slice()) {
        leave(socket);
        socket.send(
          JSON.stringify({
            type: "disconnect",
            reason: "refresh_requested",
            debug_info: { host: "sandbox" },
          }),
        );
        setTimeout(() => socket.terminate(), farewellMs).unref();
      }
    },
    drop() {
      for (const socket of server.clients) socket.terminate();
    },
    close() {
      clearInterval(pings);
      for (const settle of waiting.values()) settle({ outcome: "timeout" });
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

interface Envelope {
  envelope_id: string;
  type: EnvelopeKind;
  payload: object;
  accepts_response_payload: boolean;
}

function envelopeOf(kind: EnvelopeKind, payload: object, retry: Retry | undefined): Envelope {
  const isViewAnswer = (payload as { type?: string }).type === "view_submission";
  return {
    envelope_id: randomUUID(),
    type: kind,
    payload,
    accepts_response_payload: kind === "slash_commands" || isViewAnswer,
    ...(kind === "events_api" ? { retry_attempt: retry?.num ?? 0, retry_reason: retry?.reason ?? "" } : {}),
  };
}

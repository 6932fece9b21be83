import type { IncomingMessage, ServerResponse } from "node:http";

/** A request the sandbox itself (not the system it plays) cannot read; `status` says how to answer. */
export class BadRequest extends Error {
  override name = "BadRequest";
  status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads a whole body. @throws {BadRequest} 413 beyond `limit` bytes. */
export async function readBody(req: IncomingMessage, limit = 1_000_000): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BadRequest(413, `The body is larger than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** An absent body is `undefined`. @throws {BadRequest} 400 when it is not JSON. */
export async function readJson(req: IncomingMessage, limit?: number): Promise<unknown> {
  const body = await readBody(req, limit);
  if (body === "") return undefined;
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new BadRequest(400, `The body is not JSON: ${(error as Error).message}.`);
  }
}

export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

export function sendText(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

/** The request's path and query; the host is a placeholder. */
export function urlOf(req: IncomingMessage): URL {
  return new URL(req.url ?? "/", "http://sandbox");
}

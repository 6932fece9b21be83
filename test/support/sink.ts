import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** The raw body, as signatures are over it. */
  body: string;
}

/** "hang": no answer until the test ends. */
export type SinkAnswer = number | "hang";

/** The other end of a webhook: keeps what arrives and answers as told (200 unless told). */
export async function startSink(answer: (received: Received, index: number) => SinkAnswer = () => 200) {
  const received: Received[] = [];
  const sink = { url: "", received, answer };
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const one = { path: req.url ?? "", headers: req.headers, body: Buffer.concat(chunks).toString("utf8") };
      received.push(one);
      const status = sink.answer(one, received.length - 1);
      if (status !== "hang") res.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  sink.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return sink;
}

import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { startScripted } from "./scripted-server.ts";

const accepts = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const channel = { stdout: 1, status: 3 } as const;

/** A binary frame of a server: at most 125 bytes. */
function frame(number: number, text: string): Buffer {
  const content = Buffer.concat([Buffer.of(number), Buffer.from(text)]);
  return Buffer.concat([Buffer.of(0x82, content.length), content]);
}

const close = Buffer.of(0x88, 0);

/** What a program says comes in the very packet that accepts the WebSocket. */
async function execAgainst(...frames: Buffer[]) {
  const server = await startScripted(({ rawHeaders }, _, socket) => {
    const key = rawHeaders[rawHeaders.findIndex((name) => /^sec-websocket-key$/i.test(name)) + 1];
    const accepted = createHash("sha1").update(`${key}${accepts}`).digest("base64");
    const head = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accepted}`,
      "Sec-WebSocket-Protocol: v5.channel.k8s.io",
    ];
    socket.end(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), ...frames, close]));
  });
  onTestFinished(() => server.close());
  const pod = { namespace: "shop", name: "api-0" };
  return server.cluster().objects.exec(pod, ["pg_isready"], { timeoutMs: 5000 });
}

test("what a program says at once is not lost", async () => {
  const ended = await execAgainst(
    frame(channel.stdout, "accepting connections"),
    frame(channel.status, '{"status":"Success"}'),
  );

  expect(ended).toEqual({ code: 0, stdout: "accepting connections", stderr: "" });
});

test("an end that cannot be read is a broken connection, not the end of crai", async () => {
  await expect(execAgainst(frame(channel.status, "upstream went away"))).rejects.toThrow(
    "The connection to api-0 broke",
  );
});

import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer } from "node:tls";
import { certificate } from "./certificate.ts";

const day = 86_400_000;

export interface PracticeTls {
  /** Where it listens, on 127.0.0.1. */
  port: number;
  /** PEM file of the authority that signed its certificate. */
  ca: string;
  close(): Promise<void>;
}

/** The public name of the practice system: a TLS server with a certificate of the sandbox's own authority. */
export async function startPracticeTls(folder: string, name: string): Promise<PracticeTls> {
  const now = Date.now();
  const authority = certificate({
    name: "Credit Risk practice CA",
    validFrom: new Date(now - day),
    validTo: new Date(now + 3650 * day),
    issuer: null,
  });
  const own = certificate({
    name,
    names: [name],
    validFrom: new Date(now - day),
    validTo: new Date(now + 60 * day),
    issuer: authority,
  });
  const server = createServer({
    cert: own.pem + authority.pem,
    key: own.key.export({ type: "pkcs8", format: "pem" }),
    minVersion: "TLSv1.2",
  });
  // Handshakes that are refused are what it is there for.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("secureConnection", (socket) => socket.end());
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const ca = join(folder, "practice-ca.pem");
  writeFileSync(ca, authority.pem);
  return {
    port: (server.address() as AddressInfo).port,
    ca,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

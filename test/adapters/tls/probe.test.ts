import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { createServer, type TlsOptions } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { type Certificate, certificate } from "../../../sandbox/tls/certificate.ts";
import { tlsCheck } from "../../../src/actions/tls-check.ts";
import { createTlsProbe } from "../../../src/adapters/tls/probe.ts";
import type { Domain } from "../../../src/domain/job.ts";
import type { ActionContext, Observation } from "../../../src/engine/playbooks/action.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const day = 86_400_000;
const now = new Date();
const inDays = (days: number): Date => new Date(now.getTime() + days * day);
const name = "api.example.com";

const root = certificate({ name: "Test root", validFrom: inDays(-9), validTo: inDays(900), issuer: null });

function leaf(more: Partial<Parameters<typeof certificate>[0]> = {}): Certificate {
  return certificate({
    name,
    names: [name],
    validFrom: inDays(-9),
    validTo: inDays(60),
    issuer: root,
    ...more,
  });
}

async function serve(own: Certificate, options: TlsOptions = {}, chain: Certificate[] = []): Promise<number> {
  const server = createServer({
    cert: [own, ...chain].map(({ pem }) => pem).join(""),
    key: own.key.export({ type: "pkcs8", format: "pem" }),
    minVersion: "TLSv1.2",
    ...options,
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  server.on("secureConnection", (socket) => socket.end());
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** What tls-check says of a server on this port that users know by the name. */
async function check(port: number, ca: string | null = root.pem): Promise<Observation> {
  const file = join(temporaryFolder(), "ca.pem");
  writeFileSync(file, ca ?? "");
  const domain: Domain = { name, port, connect: "127.0.0.1", ...(ca !== null && { ca: file }) };
  const context = {
    settings: { apps: {}, jobs: {}, domains: [domain] },
    tls: createTlsProbe(),
    now: () => now,
  } as unknown as ActionContext;
  const { state } = await tlsCheck.plan(tlsCheck.params.parse({}), context);
  return tlsCheck.observe(state, context, now);
}

function said(seen: Observation): string {
  return "evidence" in seen
    ? seen.evidence.map(({ what, ok }) => `${String(ok)}: ${what}`).join("\n")
    : seen.detail;
}

test("a server that speaks TLS 1.2 and 1.3 with a trusted certificate passes, and all it shows is said", async () => {
  const seen = await check(await serve(leaf(), {}, [root]));
  expect(seen.state).toBe("done");
  expect(said(seen)).toBe(
    [
      `true: ${name} speaks TLS 1.2, TLS 1.3; refuses TLS 1.0, TLS 1.1`,
      `true: ${name}: certificate by Test root, trusted, 2 in its chain`,
      `true: ${name}: the certificate is valid until ${inDays(60).toISOString().slice(0, 10)}, 59 more days`,
    ].join("\n"),
  );
});

test("a server that still speaks TLS 1.0 fails, also when all else is right", async () => {
  const seen = await check(
    await serve(leaf(), { minVersion: "TLSv1", maxVersion: "TLSv1.2", ciphers: "DEFAULT:@SECLEVEL=0" }, [
      root,
    ]),
  );
  expect(seen).toMatchObject({
    state: "failed",
    detail: `${name} speaks TLS 1.0, TLS 1.1, TLS 1.2; refuses TLS 1.3`,
  });
});

test.each([
  ["for another name", leaf({ names: ["other.example.com"] }), /it is for other names/],
  ["that has expired", leaf({ validTo: inDays(-1) }), /it has expired.*expired on/s],
  ["signed by itself", leaf({ issuer: null }), /is not trusted: it is signed by itself/],
  ["that ends in 21 days", leaf({ validTo: inDays(21.5) }), /valid until .*, 21 more days/],
])("a certificate %s fails, and why is said", async (_, own, why) => {
  const seen = await check(await serve(own));
  expect(seen.state).toBe("failed");
  expect(said(seen)).toMatch(why);
});

test("a server that leaves its intermediate certificate out is found out, though its own is good", async () => {
  const intermediate = certificate({
    name: "Test intermediate",
    validFrom: inDays(-9),
    validTo: inDays(90),
    issuer: root,
  });
  const own = leaf({ issuer: intermediate });
  expect(said(await check(await serve(own)))).toContain(
    "the server does not send the intermediate certificate",
  );
  expect((await check(await serve(own, {}, [intermediate]))).state).toBe("done");
});

test("an intermediate certificate that ends before the server's own decides", async () => {
  const intermediate = certificate({
    name: "Test intermediate",
    validFrom: inDays(-9),
    validTo: inDays(10),
    issuer: root,
  });
  const seen = await check(await serve(leaf({ issuer: intermediate }), {}, [intermediate]));
  expect(said(seen)).toMatch(
    /false: .*the certificate of Test intermediate in its chain is valid until .*, 9 more days/,
  );
});

test("an authority that clients do not know is no trust", async () => {
  expect(said(await check(await serve(leaf(), {}, [root]), null))).toMatch(
    /is not trusted: its root is none that clients know/,
  );
});

test("what is no TLS server is said to be none, and nothing else is claimed of it", async () => {
  const server = createTcpServer((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => void server.close());
  const seen = await check((server.address() as AddressInfo).port);
  expect(seen).toMatchObject({
    state: "failed",
    detail: expect.stringMatching(/^api.example.com does not answer over TLS/),
  });
});

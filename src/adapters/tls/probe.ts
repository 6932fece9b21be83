import { isIP } from "node:net";
import { readFileSync } from "node:fs";
import {
  connect,
  type ConnectionOptions,
  type DetailedPeerCertificate,
  rootCertificates,
  type TLSSocket,
} from "node:tls";
import { z } from "zod";
import { UserError } from "../../domain/errors.ts";
import type { Domain } from "../../domain/job.ts";
import type { TlsFacts, TlsProbe } from "../../engine/ports.ts";

const versions = {
  "TLS 1.0": "TLSv1",
  "TLS 1.1": "TLSv1.1",
  "TLS 1.2": "TLSv1.2",
  "TLS 1.3": "TLSv1.3",
} as const;

/** What OpenSSL says when the server has turned a version down, and not the network or this machine. */
const turnedDown = /ALERT|WRONG_VERSION|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE|PROTOCOL_VERSION/;
/** This machine's own OpenSSL does not speak the version. */
const unspoken = /NO_PROTOCOLS_AVAILABLE|NO_CIPHERS_AVAILABLE|INTERNAL_ERROR/;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** One handshake; what the certificate is worth is judged by who asks. */
function handshake<Found>(
  domain: Domain,
  options: ConnectionOptions,
  { timeoutMs, read }: { timeoutMs: number; read: (socket: TLSSocket) => Found },
): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>();
  const socket = connect({
    host: domain.connect ?? domain.name,
    port: domain.port,
    // An address is no name that a server could be asked for.
    ...(isIP(domain.name) === 0 && { servername: domain.name }),
    rejectUnauthorized: false,
    ...options,
  });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  socket.once("secureConnect", () => resolve(read(socket)));
  socket.once("error", reject);
  socket.once("close", () => reject(new Error("the connection was closed during the handshake")));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

async function accepts(
  domain: Domain,
  version: (typeof versions)[keyof typeof versions],
  timeoutMs: number,
): Promise<boolean | null> {
  // Security level 0: else this side would not even offer what is to be found out.
  const old = { ciphers: "DEFAULT:@SECLEVEL=0" };
  const options = { minVersion: version, maxVersion: version, ...(version !== "TLSv1.3" && old) };
  try {
    return await handshake(domain, options, { timeoutMs, read: () => true });
  } catch (error) {
    const code = codeOf(error);
    if (unspoken.test(code)) return null;
    return turnedDown.test(code) || code === "ECONNRESET" ? false : null;
  }
}

function nameOf(fields: Partial<Record<"CN" | "O", string | string[]>> | undefined): string {
  const name = fields?.CN ?? fields?.O ?? "";
  return Array.isArray(name) ? name.join(", ") : name;
}

/** As OpenSSL writes it: `Nov 23 03:00:00 2026 GMT`. */
const when = z.coerce.date();

/** The issuer of the last one is itself. */
function chainOf(own: DetailedPeerCertificate): TlsFacts["chain"] {
  const chain: TlsFacts["chain"] = [];
  const seen = new Set<string>();
  let certificate: DetailedPeerCertificate | undefined = own;
  while (certificate?.fingerprint256 !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push({
      subject: nameOf(certificate.subject),
      issuer: nameOf(certificate.issuer),
      validFrom: when.parse(certificate.valid_from),
      validTo: when.parse(certificate.valid_to),
    });
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** In words that say what to put right; OpenSSL's own for the rest. */
const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its root is none that clients know",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server does not send the intermediate certificate",
  UNABLE_TO_GET_ISSUER_CERT: "the server does not send a whole chain",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is none that clients know",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for other names",
};

function distrustOf({ authorized, authorizationError }: TLSSocket): string | null {
  if (authorized) return null;
  const code = codeOf(authorizationError) || String(authorizationError);
  return reasons[code] ?? code;
}

function authoritiesOf({ name, ca }: Domain): string[] {
  if (ca === undefined) return [];
  try {
    return [...rootCertificates, readFileSync(ca, "utf8")];
  } catch (cause) {
    throw new UserError(`The certificate of the authority that signs ${name} cannot be read.`, {
      why: `${ca}: ${cause instanceof Error ? cause.message : String(cause)}`,
      next: "Correct `domains[].ca` in crai.yaml.",
      cause,
    });
  }
}

/** Looks at a TLS server as its clients do: one handshake with what it likes best, and one for each version. */
export function createTlsProbe(): TlsProbe {
  return {
    async look(domain, timeoutMs) {
      const ca = authoritiesOf(domain);
      const trust = ca.length === 0 ? {} : { ca };
      const read = (socket: TLSSocket): Pick<TlsFacts, "distrust" | "chain"> => ({
        distrust: distrustOf(socket),
        chain: chainOf(socket.getPeerCertificate(true)),
      });
      const own = await handshake(
        domain,
        { minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0", ...trust },
        { timeoutMs, read },
      ).catch((cause: unknown) => {
        throw new UserError(`${domain.name} does not answer over TLS.`, {
          why: `${domain.connect ?? domain.name}:${domain.port}: ${cause instanceof Error ? cause.message : String(cause)}`,
          next: "Check DNS, the load balancer and the ingress, then try again.",
          cause,
        });
      });
      const tried = await Promise.all(
        Object.entries(versions).map(async ([version, spoken]) => ({
          version: version as keyof typeof versions,
          accepted: await accepts(domain, spoken, timeoutMs),
        })),
      );
      return { ...own, versions: tried };
    },
  };
}

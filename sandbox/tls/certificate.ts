import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import { bits, boolean, integer, octets, oid, sequence, set, tagged, time, utf8 } from "./der.ts";

export interface Certificate {
  name: string;
  pem: string;
  key: KeyObject;
}

export interface CertificateOptions {
  /** Common name. */
  name: string;
  /** Names and IPv4 addresses it is for; none: it signs others. */
  names?: readonly string[];
  validFrom: Date;
  validTo: Date;
  /** null: it signs itself. */
  issuer: Certificate | null;
}

const ecdsaWithSha256 = sequence(oid("1.2.840.10045.4.3.2"));

function nameOf(text: string): Buffer {
  return sequence(set(sequence(oid("2.5.4.3"), utf8(text))));
}

function extension(id: string, critical: boolean, content: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(content));
}

function subjectNames(names: readonly string[]): Buffer {
  return sequence(
    ...names.map((name) =>
      isIPv4(name)
        ? tagged(7, "bytes", Buffer.from(name.split(".").map(Number)))
        : tagged(2, "bytes", Buffer.from(name)),
    ),
  );
}

function extensionsOf(names: readonly string[]): Buffer {
  const basicConstraints = "2.5.29.19";
  return sequence(
    names.length === 0
      ? extension(basicConstraints, true, sequence(boolean(true)))
      : extension(basicConstraints, true, sequence()),
    ...(names.length === 0 ? [] : [extension("2.5.29.17", false, subjectNames(names))]),
  );
}

function asPem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** A certificate (X.509 v3, ECDSA P-256) with a new key, for servers that only this machine knows. */
export function certificate({
  name,
  names = [],
  validFrom,
  validTo,
  issuer,
}: CertificateOptions): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serial = randomBytes(16);
  // A serial is positive, and its first byte no zero.
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const content = sequence(
    tagged(0, "around", integer(Buffer.from([2]))),
    integer(serial),
    ecdsaWithSha256,
    nameOf(issuer?.name ?? name),
    sequence(time(validFrom), time(validTo)),
    nameOf(name),
    publicKey.export({ type: "spki", format: "der" }),
    tagged(3, "around", extensionsOf(names)),
  );
  const signature = sign("sha256", content, issuer?.key ?? privateKey);
  return { name, key: privateKey, pem: asPem(sequence(content, ecdsaWithSha256, bits(signature))) };
}

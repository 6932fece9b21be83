/** The few kinds of value of DER (X.690) that a certificate is made of. */
const tags = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes = Buffer.from(size.toString(16).padStart(size > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

function value(tag: number, ...content: readonly Buffer[]): Buffer {
  const inner = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOf(inner.length), inner]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return value(tags.sequence, ...parts);
}

export function set(...parts: readonly Buffer[]): Buffer {
  return value(tags.set, ...parts);
}

/** Positive, from its bytes. */
export function integer(bytes: Buffer): Buffer {
  return value(tags.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function boolean(is: boolean): Buffer {
  return value(0x01, Buffer.from([is ? 0xff : 0]));
}

export function bits(bytes: Buffer): Buffer {
  return value(tags.bits, Buffer.from([0]), bytes);
}

export function octets(bytes: Buffer): Buffer {
  return value(tags.octets, bytes);
}

export function utf8(text: string): Buffer {
  return value(tags.utf8, Buffer.from(text));
}

export function time(at: Date): Buffer {
  return value(tags.time, Buffer.from(at.toISOString().replaceAll(/[-:T]|\.\d+/g, "")));
}

/** `[number]` of the context: constructed around other values, or primitive around bytes. */
export function tagged(number: number, kind: "around" | "bytes", content: Buffer): Buffer {
  return value((kind === "around" ? 0xa0 : 0x80) | number, content);
}

/** `1.2.840.10045.4.3.2` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((part) => {
    const digits = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return value(tags.oid, Buffer.from(bytes));
}

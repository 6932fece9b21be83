import type { Fields } from "../fields.ts";

const decimal: [string, number][] = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const binary: [string, bigint][] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((suffix, index) => [
  suffix,
  1024n ** BigInt(index + 1),
]);

/**
 * The one way the API server writes an amount: 0.5 is 500m, 1000m is 1, 1024Mi is 1Gi. What is no quantity
 * comes back as it is, for validation to name. Exponents ("1e3") are written out.
 */
export function canonicalQuantity(value: unknown): unknown {
  if (typeof value !== "string" && typeof value !== "number") return value;
  const parts = parseQuantity(String(value));
  if (!parts) return value;
  const { minus, digits, fraction, suffix, exponent } = parts;
  if (digits === 0n) return "0";
  const factor = binary.find(([name]) => name === suffix)?.[1];
  const size = 10n ** BigInt(fraction);
  if (factor !== undefined && (digits * factor) % size === 0n)
    return minus + inBinary((digits * factor) / size);
  const power = decimal.find(([name]) => name === suffix)?.[1] ?? 0;
  return minus + inDecimal(digits * (factor ?? 1n), power + exponent - fraction);
}

const quantity = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:[eE]([+-]?\d+)|(n|u|m|k|[KMGTPE]i?)?)$/;

/** All digits as one number, and how many of them come after the point. */
function parseQuantity(text: string) {
  const parts = quantity.exec(text.trim());
  if (!parts) return undefined;
  const [, sign, whole, fraction = "", exponent = "0", suffix = ""] = parts;
  const digits = BigInt(`${whole}${fraction}`);
  return {
    minus: sign === "-" ? "-" : "",
    digits,
    fraction: fraction.length,
    suffix,
    exponent: Number(exponent),
  };
}

function inBinary(amount: bigint): string {
  const [suffix, unit] = [...binary].reverse().find(([, size]) => amount % size === 0n) ?? ["", 1n];
  return `${amount / unit}${suffix}`;
}

function inDecimal(digits: bigint, power: number): string {
  // Nothing finer than nano is kept; the API server rounds up.
  let [mantissa, exponent] = [digits, power];
  while (exponent < -9) {
    mantissa = (mantissa + 9n) / 10n;
    exponent += 1;
  }
  while (mantissa % 10n === 0n) {
    mantissa /= 10n;
    exponent += 1;
  }
  const [suffix, unit] = decimal.findLast(([, at]) => at <= exponent) ?? ["n", -9];
  return `${mantissa * 10n ** BigInt(exponent - unit)}${suffix}`;
}

export function canonicalQuantities(amounts: Fields | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) amounts![name] = canonicalQuantity(amount);
}

const factors: Record<string, number> = {
  "": 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** "500m" -> 0.5, "64Gi" -> bytes. */
export function parseQuantity(text: string): number {
  const [, number, suffix = ""] = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = factors[suffix];
  if (number === undefined || factor === undefined) throw new Error(`"${text}" is not a resource quantity.`);
  return Number(number) * factor;
}

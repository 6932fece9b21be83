const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** An amount as Kubernetes writes it (`500m`, `1.5Gi`, `2e3`) in cores, bytes or pieces; null: it is none. */
export function quantityOf(text: string): number | null {
  const [, number, exponent, suffix] =
    /^([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:([eE][+-]?\d+)|([a-zA-Z]{0,2}))$/.exec(text) ?? [];
  if (number === undefined) return null;
  if (exponent !== undefined) return Number(`${number}${exponent}`);
  const factor = Object.hasOwn(factors, suffix ?? "") ? factors[suffix ?? ""] : undefined;
  return factor === undefined ? null : Number(number) * factor;
}

function trimmed(amount: number): string {
  return String(Number(amount.toFixed(2)));
}

/** Cores as Kubernetes writes them: whole and half ones as they are, others in thousandths, rounded up. */
export function cpuText(cores: number): string {
  const thousandths = Math.ceil(Number((cores * 1000).toFixed(3)));
  return thousandths % 500 === 0 ? trimmed(thousandths / 1000) : `${thousandths}m`;
}

/** Bytes as Kubernetes writes them: in whole Mi rounded up, or in Gi where that is as exact. */
export function memoryText(bytes: number): string {
  const mebibytes = Math.ceil(Number((bytes / 2 ** 20).toFixed(3)));
  return mebibytes % 512 === 0 ? `${trimmed(mebibytes / 1024)}Gi` : `${mebibytes}Mi`;
}

/** An alert as Prometheus posts it to an Alertmanager. Times are milliseconds since 1970. */
export interface PostedAlert {
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  startsAt: number;
  /** In the past: resolved then. In the future: firing, and resolved by then unless it is posted again. */
  endsAt: number | null;
  generatorURL: string;
}

const fnvPrime = 0x100000001b3n;
const fnvOffset = 0xcbf29ce484222325n;
const separator = Buffer.from([0xff]);

/** Alertmanager's own: FNV-1a over the sorted labels, 16 hex digits. Equal labels, equal fingerprint. */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = fnvOffset;
  function add(bytes: Buffer): void {
    for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * fnvPrime);
  }
  for (const name of Object.keys(labels).sort()) {
    add(Buffer.from(name));
    add(separator);
    add(Buffer.from(labels[name]!));
    add(separator);
  }
  return hash.toString(16).padStart(16, "0");
}

export function isResolved(alert: PostedAlert, now: number): boolean {
  return alert.endsAt !== null && alert.endsAt <= now;
}

/** Labels and annotations that all have in common, as in a webhook's `commonLabels`. */
export function common(sets: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = sets;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((set) => set[name] === value)),
  );
}

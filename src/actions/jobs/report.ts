import { z } from "zod";
import type { ReportKind } from "../../domain/job.ts";

export interface Report {
  numbers: Record<string, number>;
  /** The worst of what it names, for people. */
  notes: string[];
}

/** Figures of one report; more would be no report that somebody reads. */
const mostNumbers = 100;
const mostNotes = 5;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Most lines of a log are none.
    return undefined;
  }
}

/** Every JSON document of a log, in order: on one line, or written over several from a bracket at the start of one. */
function documentsIn(log: string): unknown[] {
  const lines = log.split("\n").map((line) => line.trimEnd());
  const found: unknown[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (!/^[{[]/.test(line)) continue;
    const single = parsed(line);
    const last =
      single === undefined ? lines.findIndex((one, index) => index > at && /^[}\]]$/.test(one)) : at;
    const document = last === -1 ? undefined : (single ?? parsed(lines.slice(at, last + 1).join("\n")));
    if (document === undefined) continue;
    found.push(document);
    at = last;
  }
  return found;
}

const Locust = z
  .array(
    z.object({
      num_requests: z.number(),
      num_failures: z.number(),
      start_time: z.number(),
      last_request_timestamp: z.number().nullable(),
      response_times: z.record(z.string(), z.number()),
    }),
  )
  .min(1);

/** The response time (ms) that so large a share of the requests did not exceed, as locust itself reckons it. */
function percentile(times: readonly (readonly [ms: number, count: number])[], share: number): number {
  const total = times.reduce((sum, [, count]) => sum + count, 0);
  let above = 0;
  for (const [ms, count] of times.toSorted(([a], [b]) => b - a)) {
    above += count;
    if (total - above <= total * share) return ms;
  }
  return 0;
}

function locust(entries: z.infer<typeof Locust>): Report {
  const sum = (pick: (entry: (typeof entries)[number]) => number): number =>
    entries.reduce((total, entry) => total + pick(entry), 0);
  const [requests, failures] = [sum((entry) => entry.num_requests), sum((entry) => entry.num_failures)];
  const from = Math.min(...entries.map((entry) => entry.start_time));
  const to = Math.max(...entries.map((entry) => entry.last_request_timestamp ?? entry.start_time));
  const times = entries.flatMap(({ response_times: counted }) =>
    Object.entries(counted).map(([ms, count]) => [Number(ms), count] as const),
  );
  // Of a test without requests no share and no time is known.
  const rates =
    requests === 0
      ? {}
      : {
          errorRate: failures / requests,
          p50: percentile(times, 0.5) / 1000,
          p95: percentile(times, 0.95) / 1000,
          p99: percentile(times, 0.99) / 1000,
        };
  return {
    numbers: { requests, failures, requestsPerSecond: to > from ? requests / (to - from) : 0, ...rates },
    notes: [],
  };
}

const severities = ["critical", "high", "medium", "low", "unknown"] as const;

const Trivy = z.object({
  SchemaVersion: z.number(),
  Results: z
    .array(
      z.object({
        Vulnerabilities: z
          .array(
            z.object({
              VulnerabilityID: z.string(),
              PkgName: z.string().default(""),
              FixedVersion: z.string().default(""),
              Severity: z.string().default("UNKNOWN"),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

function trivy({ Results }: z.infer<typeof Trivy>): Report {
  const all = (Results ?? []).flatMap(({ Vulnerabilities }) => Vulnerabilities ?? []);
  const of = (severity: string): typeof all => all.filter((one) => one.Severity.toLowerCase() === severity);
  const worst = [...of("critical"), ...of("high")].map(
    ({ VulnerabilityID: id, PkgName, Severity, FixedVersion }) =>
      `${id} in ${PkgName} (${Severity.toLowerCase()}${FixedVersion === "" ? ", no fix yet" : `, fixed in ${FixedVersion}`})`,
  );
  return {
    numbers: Object.fromEntries(severities.map((severity) => [severity, of(severity).length])),
    notes: worst.slice(0, mostNotes),
  };
}

const MetricLine = z.object({ metric: z.string(), value: z.number() });
const Numbers = z.record(z.string(), z.unknown());

function numbersOf(document: unknown): [string, number][] {
  const line = MetricLine.safeParse(document).data;
  if (line !== undefined) return [[line.metric, line.value]];
  return Object.entries(Numbers.safeParse(document).data ?? {}).flatMap(([name, value]) =>
    typeof value === "number" && Number.isFinite(value) ? [[name, value] as [string, number]] : [],
  );
}

/** The last document of a shape: what a program printed before is what it was doing. */
function lastOf<Shape>(documents: readonly unknown[], shape: z.ZodType<Shape>): Shape | undefined {
  for (const document of documents.toReversed()) {
    const read = shape.safeParse(document);
    if (read.success) return read.data;
  }
  return undefined;
}

/** The figures that a Job has left; null: there are none of this kind. */
export function readReport(kind: Exclude<ReportKind, "none">, text: string): Report | null {
  const documents = documentsIn(text);
  if (kind === "locust") {
    const entries = lastOf(documents, Locust);
    return entries === undefined ? null : locust(entries);
  }
  if (kind === "trivy") {
    const scan = lastOf(documents, Trivy);
    return scan === undefined ? null : trivy(scan);
  }
  const numbers = documents.flatMap(numbersOf).slice(-mostNumbers);
  return numbers.length === 0 ? null : { numbers: Object.fromEntries(numbers), notes: [] };
}

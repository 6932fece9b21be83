import type { Fate } from "./fates.ts";

/** One line of a container's made-up log, `at` milliseconds after the container started. */
export interface LogLine {
  at: number;
  text: string;
}

type Program = (
  fate: Fate,
  image: string,
) => { opening: LogLine[]; everyMs: number; line: (index: number) => string };

const requests = ["POST /v1/predict", "POST /v1/predict", "GET /models/ensemble/metrics", "POST /v1/explain"];

/** The API server and the federated server: JSON lines, as the system's log aggregation expects them. */
const service: Program = (fate, image) => ({
  opening: [
    { at: 0, text: json("info", `starting ${image}`) },
    { at: 120, text: json("info", "loading model credit-risk-ensemble") },
    fate === "crash"
      ? {
          at: 300,
          text: json(
            "fatal",
            "RuntimeError: model artifact credit-risk-ensemble has no calibration table; exiting with code 1",
          ),
        }
      : { at: 300, text: json("info", "ready, listening on 0.0.0.0:8000") },
  ],
  everyMs: fate === "crash" ? Number.POSITIVE_INFINITY : 2000,
  line: (index) => request(fate, index),
});

/** Some errors come more often than others, and each time with other numbers in them. */
const queuePool = (): string =>
  "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00";
const errors: ((index: number) => string)[] = [
  queuePool,
  queuePool,
  (index) =>
    `psycopg2.OperationalError: connection to server at "postgres-service" (10.96.0.13), port 5432 failed: timeout expired (attempt ${1 + (index % 3)})`,
  queuePool,
  (index) => `KeyError: 'calibration_table' for application ${(index * 7919) % 100_000}`,
];

function request(fate: Fate, index: number): string {
  const what = requests[index % requests.length]!;
  const jitter = (index * 37) % 61;
  if (fate === "errors" && index % 3 !== 0) {
    return json("error", `${what} 500 ${30_000 + jitter}ms ${errors[index % errors.length]!(index)}`);
  }
  if (fate === "oom" && index % 2 === 1) {
    return json("warning", `memory at ${Math.min(99, 60 + index * 13)} % of the limit, 4294967296 bytes`);
  }
  return json("info", `${what} 200 ${fate === "slow" ? 900 + jitter * 10 : 60 + jitter}ms`);
}

function json(level: string, message: string): string {
  return JSON.stringify({ level, logger: "credit_risk", message });
}

/** Anything else says that it runs, and once a minute that it still does. */
const other: Program = (fate, image) => ({
  opening: [
    { at: 0, text: `starting ${image}` },
    { at: 300, text: fate === "crash" ? "fatal: cannot start, exiting with code 1" : "ready" },
  ],
  everyMs: fate === "crash" ? Number.POSITIVE_INFINITY : 60_000,
  line: (index) => `still running after ${index + 1} min`,
});

/** The lines of a container that has run for `upMs`, oldest first; of a long life the last thousand. */
export function linesOf(image: string, fate: Fate, upMs: number): LogLine[] {
  const program = image.includes("credit-risk-ai") ? service(fate, image) : other(fate, image);
  const count = Math.max(0, Math.floor(upMs / program.everyMs));
  const first = Math.max(0, count - 1000);
  const running = Array.from({ length: count - first }, (_, index) => ({
    at: (first + index + 1) * program.everyMs,
    text: program.line(first + index),
  }));
  return [...(first === 0 ? program.opening.filter(({ at }) => at <= upMs) : []), ...running];
}

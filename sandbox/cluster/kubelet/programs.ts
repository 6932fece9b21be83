import type { Container } from "../controllers/objects.ts";
import { htmlReport, jsonReport, tableReport } from "./load-report.ts";
import type { LogLine } from "./log-lines.ts";
import { imageScan } from "./image-scan.ts";
import type { Program } from "./program.ts";

interface Row {
  /** Matched against image, command and arguments. */
  pattern: RegExp;
  program: (command: string) => Omit<Program, "failure"> & { failure?: number };
}

const table: Row[] = [
  {
    pattern: /smoke/,
    program: () => ({
      seconds: 4,
      exitCode: 0,
      tests: "api",
      lines: checks("smoke", [
        "GET /health answers 200",
        "GET /ready answers 200",
        "POST /v1/predict scores a known application",
        "POST /v1/explain names its reasons",
      ]),
    }),
  },
  {
    pattern: /integration/,
    program: () => ({
      seconds: 8,
      exitCode: 0,
      tests: "api",
      lines: checks("tests/integration", [
        "test_prediction_round_trip",
        "test_model_registry_version",
        "test_federated_round",
        "test_audit_trail",
        "test_rate_limit",
      ]),
    }),
  },
  {
    pattern: /production_validation|validate_production/,
    program: () => ({
      seconds: 6,
      exitCode: 0,
      tests: "api",
      lines: (failed) => [
        JSON.stringify({ metric: "auc_roc", value: failed ? 0.79 : 0.874, target: 0.85, ok: !failed }),
        JSON.stringify({ metric: "accuracy", value: failed ? 0.77 : 0.826, target: 0.8, ok: !failed }),
        JSON.stringify({ metric: "bias_disparity", value: 0.04, target: 0.1, ok: true }),
        failed ? "Production validation failed." : "Production validation passed.",
      ],
    }),
  },
  {
    pattern: /locust|load.?test/,
    program: (command) => ({
      seconds: 20,
      exitCode: 0,
      tests: "api",
      lines: (failed) => [
        "[INFO/locust.main] Starting Locust",
        "[INFO/locust.runners] Ramping to 100 users at a rate of 10.00 per second",
        "[INFO/locust.runners] All users spawned",
        "[INFO/locust.main] --run-time limit reached, shutting down",
        ...(/--json/.test(command) ? [jsonReport(failed)] : tableReport(failed)),
        ...(/cat .*\.html|--html[= ]-/.test(command) ? htmlReport(failed) : []),
      ],
    }),
  },
  {
    pattern: /setup.monitoring/,
    program: () => ({
      seconds: 3,
      exitCode: 0,
      lines: (failed) => [
        "statefulset.apps/prometheus unchanged",
        "daemonset.apps/node-exporter unchanged",
        failed ? "Error: the stack was not set up" : "Monitoring is set up.",
      ],
    }),
  },
  { pattern: /trivy/, program: imageScan },
  {
    pattern: /api_security|zap|security.?test/,
    program: () => ({
      seconds: 6,
      exitCode: 0,
      lines: checks("api security", [
        "requests without a token are refused with 401",
        "a token of another tenant is refused with 403",
        "rate limit answers 429",
        "security headers are set",
      ]),
    }),
  },
  {
    pattern: /drift/,
    program: () => ({
      seconds: 5,
      exitCode: 0,
      lines: () => [
        JSON.stringify({ feature: "debt_to_income", psi: 0.31, drifted: true }),
        JSON.stringify({ feature: "employment_years", psi: 0.04, drifted: false }),
        JSON.stringify({ feature: "loan_amount", psi: 0.08, drifted: false }),
        "1 of 3 features drifted (PSI > 0.2).",
      ],
    }),
  },
  {
    pattern: /analyze_model_performance/,
    program: () => ({
      seconds: 5,
      exitCode: 0,
      lines: () => [
        JSON.stringify({
          days: 7,
          accuracy: 0.812,
          accuracy_before: 0.826,
          auc_roc: 0.861,
          bias_disparity: 0.05,
        }),
      ],
    }),
  },
  {
    pattern: /retrain/,
    program: () => ({
      seconds: 15,
      exitCode: 0,
      lines: () => [
        "epoch 1/3 loss=0.412",
        "epoch 2/3 loss=0.377",
        "epoch 3/3 loss=0.361",
        JSON.stringify({ loss: 0.361, auc_roc: 0.9142, accuracy: 0.8891, demographic_parity: 0.035 }),
        "Model registered.",
      ],
    }),
  },
  {
    pattern: /monitoring/,
    program: () => ({
      seconds: 4,
      exitCode: 0,
      lines: () => ["namespace monitoring exists", "prometheus is deployed", "grafana is deployed", "Done."],
    }),
  },
  {
    pattern: /pg_dump|backup/,
    program: () => ({
      seconds: 5,
      exitCode: 0,
      lines: () => ["dumping credit_risk_ai", "wrote credit_risk_ai.dump, 1.8 GB", "backup completed"],
    }),
  },
];

/** Shells and small tools that end as they are told. */
function shellProgram(command: string): Program | undefined {
  const words = command.split(/\s+/);
  const exit = /\bexit (\d+)/.exec(command)?.[1];
  const sleep = /\bsleep (\d+)/.exec(command)?.[1];
  const echo = [...command.matchAll(/\becho (.+?)(?:$|;|&&)/g)].map(([, said = ""]) =>
    said.trim().replaceAll(/^["']|["']$/g, ""),
  );
  if (!exit && !sleep && echo.length === 0 && !words.includes("false") && !words.includes("true"))
    return undefined;
  const exitCode = Number(exit ?? (words.includes("false") ? 1 : 0));
  return { seconds: Number(sleep ?? 1), exitCode, failure: exitCode, lines: () => echo };
}

export function programOf({ image, command = [], args = [] }: Container): Program {
  const said = [...command, ...args].join(" ");
  const row = table.find(({ pattern }) => pattern.test(`${image} ${said}`));
  const program = row?.program(`${image} ${said}`) ?? shellProgram(said) ?? other;
  const doomed = /fail/.test(image);
  return { failure: 1, ...program, ...(doomed && { exitCode: 1 }) };
}

const other: Program = {
  seconds: 2,
  exitCode: 0,
  failure: 1,
  lines: (failed) => [failed ? "fatal: exiting with code 1" : "done"],
};

/** A test run: all pass, or the third of them fails. */
function checks(suite: string, names: string[]): Program["lines"] {
  return (failed) => [
    `${suite}: ${names.length} checks`,
    ...names.map((name, index) =>
      failed && index === 2 ? `FAILED ${name}: expected 200, got 500` : `PASSED ${name}`,
    ),
    failed ? `1 failed, ${names.length - 1} passed` : `${names.length} passed`,
  ];
}

/** The lines of a program with their times: spread over its run, the last ones at its end. */
export function programLines(program: Program, pace: number, failed: boolean): LogLine[] {
  const texts = program.lines(failed);
  const step = (program.seconds * 1000 * pace) / Math.max(1, texts.length);
  return texts.map((text, index) => ({ at: Math.floor(step * index), text }));
}

import { expect, test } from "vitest";
import { reportView } from "../../src/actions/diagnose/report.ts";

const log = "×2 POST /v1/predict 500 sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 reached";

function texts(findings: { what: string; evidence: string[]; score: number }[]): string[] {
  const view = reportView({
    symptom: "high-error-rate",
    app: "api",
    environment: "prod",
    findings: findings.map((one, index) => ({ id: `rule-${index}`, ...one })),
    metrics: [],
    changes: [],
    blind: [],
    buttons: [],
  });
  return view!.blocks.flatMap((block) =>
    block.type === "text" ? [JSON.stringify(block.text).replaceAll("\\n", "\n")] : [],
  );
}

test("a line that speaks for several findings is read once, and one that has no line of its own is left out", () => {
  const said = texts([
    { what: "A release shipped 6s ago", evidence: ["api-deployment rolled out v1.2.0", log], score: 0.9 },
    { what: "The logs tell of 2 errors", evidence: [log], score: 0.8 },
    { what: "The app has trouble with its database", evidence: [log, "postgres itself answers"], score: 0.7 },
  ]);

  expect(said).toHaveLength(2);
  expect(said.filter((one) => one.includes(log))).toHaveLength(1);
  expect(said[1]).toMatch(
    /2\. The app has trouble with its database[^]*• As above: ×2 POST[^]*…[^]*• postgres itself answers/,
  );
});

test("a finding that is its own evidence is told", () => {
  expect(texts([{ what: "No replica is wanted", evidence: [], score: 1 }])).toHaveLength(1);
});

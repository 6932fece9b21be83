import { expect, test } from "vitest";
import { countCoverage } from "../../src/engine/runbook/coverage.ts";
import { coverageReport, hasRunbook } from "../reference/coverage.ts";

/** What the shipped playbooks promise of the runbook they were written for. */
test.skipIf(!hasRunbook)(
  "nothing of the runbook is missing, and at least 60 % of it crai does or helps with",
  () => {
    const report = coverageReport();
    const { items } = report;
    const { automatic, assisted } = countCoverage(report);

    expect(items.filter(({ coverage }) => coverage === "missing").map(({ node }) => node.line)).toEqual([]);
    expect((automatic + assisted) / items.length).toBeGreaterThanOrEqual(0.6);
  },
);

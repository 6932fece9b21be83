import { expect, test } from "vitest";
import { isPlaceholder, nodesNamed, type RunbookNode } from "../../../src/domain/runbook.ts";
import { type Claim, countCoverage, coverRunbook } from "../../../src/engine/runbook/coverage.ts";
import { readRunbook } from "../../../src/engine/runbook/read-runbook.ts";
import { coverageMarkdown } from "../../../src/engine/runbook/report.ts";

const source = `# Runbook

1. [Restoring](#restoring)

Prose asks for nothing.

## 1. Restoring

\`\`\`bash
# Bring it back
psql -U app \\
  -d credit < dump.sql
export A=1
# Look
psql -c "SELECT 1"
\`\`\`

- **Backup**: is complete
- Verify

### Contacts

| who | where |
| --- | --- |
| DBA | dba@example.com |
| Vendor | [Vendor-specific contact] |

## Emergency

1. **First (0-5 minutes)**
   - Acknowledge alerts
   - Verify

\`\`\`yaml
# Critical
- API Down (Health check failures)
\`\`\`

**Next Review:** 2024-04-15
`;
const runbook = readRunbook(source);

function claim(item: string, coverage: Claim["coverage"] = "automatic"): Claim {
  return { item, coverage, by: `restore › ${item}`, at: "playbooks/restore.yaml:3", nextReview: null };
}

function cover(...claims: Claim[]) {
  return coverRunbook(runbook, { claims, deviations: [], today: "2026-11-23" });
}

function coverageOf(report: ReturnType<typeof cover>, label: string): string[] {
  return report.items.filter(({ node }) => node.label === label).map(({ coverage }) => coverage);
}

test("a runbook is read down to each list item, table row and command, without its table of contents", () => {
  const labels: string[] = [];
  function visit(node: RunbookNode): void {
    if (node.kind === "item" || node.kind === "command") labels.push(`${node.line} ${node.label}`);
    node.children.forEach(visit);
  }
  runbook.sections.forEach(visit);
  expect(labels).toEqual([
    "11 psql -U app -d credit < dump.sql",
    "13 export A=1",
    '15 psql -c "SELECT 1"',
    "18 Backup",
    "19 Verify",
    "25 DBA",
    "26 Vendor",
    "30 First (0-5 minutes)",
    "31 Acknowledge alerts",
    "32 Verify",
    "36 API Down (Health check failures)",
  ]);
  expect(runbook.nextReview).toBe("2024-04-15");
});

test("an item is named by its own name and as many of the headings above it as it takes", () => {
  const lines = (reference: string): number[] => nodesNamed(runbook, reference).map(({ line }) => line);
  expect(lines("Verify")).toEqual([19, 32]);
  expect(lines("Emergency > Verify")).toEqual([32]);
  expect(lines("Emergency > First > Verify")).toEqual([32]);
  expect(lines("Bring it back > psql -U app")).toEqual([11]);
  expect(lines("API Down")).toEqual([36]);
  expect(lines("First > Emergency > Verify")).toEqual([]);
});

test("a claim covers what stands below it, and an item with parts is as covered as the least of them", () => {
  const report = cover(
    claim("Bring it back"),
    claim("First > Verify"),
    claim("Acknowledge alerts", "assisted"),
  );
  expect(coverageOf(report, "export A=1")).toEqual(["automatic"]);
  expect(coverageOf(report, 'psql -c "SELECT 1"')).toEqual(["missing"]);
  expect(coverageOf(report, "First (0-5 minutes)")).toEqual(["assisted"]);
  expect(coverageOf(report, "Verify")).toEqual(["missing", "automatic"]);
});

test("a placeholder never counts as covered", () => {
  const report = cover(claim("Contacts"));
  expect(report.items.filter(({ node }) => isPlaceholder(node)).map(({ node }) => node.label)).toEqual([
    "Vendor",
  ]);
  expect(countCoverage(report)).toEqual({ automatic: 1, assisted: 0, manual: 0, missing: 9, placeholder: 1 });
});

test("the rows of the report say what its counts say, of placeholders too", () => {
  function rows(...claims: Claim[]): { vendor: string | undefined; missing: number } {
    const report = cover(...claims);
    const lines = coverageMarkdown(report).split("\n");
    return {
      vendor: lines.find((line) => line.includes("| Vendor |")),
      missing: countCoverage(report).missing - lines.filter((line) => line.includes("| **missing**")).length,
    };
  }
  expect(rows()).toEqual({ vendor: "| 26 | Vendor | **missing**, and a placeholder |  |", missing: 0 });
  expect(rows(claim("Contacts"))).toEqual({
    vendor: "| 26 | Vendor | placeholder | restore › Contacts |",
    missing: 0,
  });
});

test("a reference that names nothing or several things is told with its file and line", () => {
  expect(cover(claim("Verify"), claim("Reboot")).problems).toEqual([
    'playbooks/restore.yaml:3 "Verify" names 2 items of the runbook (lines 19, 32): put more of their headings before it',
    'playbooks/restore.yaml:3 the runbook has no item "Reboot"',
  ]);
});

test("what is past its review date is stale, the runbook and the playbook alike", () => {
  const report = cover(
    { ...claim("Backup"), nextReview: "2026-11-22" },
    { ...claim("DBA"), nextReview: "2026-11-23" },
  );
  expect(report.overdueSince).toBe("2024-04-15");
  expect(report.items.filter(({ stale }) => stale !== null).map(({ node }) => node.label)).toEqual([
    "Backup",
  ]);
});

test("the report names every item once, and each deviation with what is done instead", () => {
  const report = coverRunbook(runbook, {
    claims: [claim("Bring it back")],
    deviations: [
      { item: "psql -U app", problem: "a|b", instead: "c", decide: "d", at: "playbooks/runbooks/x.yaml:1" },
    ],
    today: "2026-11-23",
  });
  const lines = coverageMarkdown(report).split("\n");
  expect(lines.filter((line) => /^\| \d+ \|/.test(line))).toHaveLength(11 + 1);
  expect(lines).toContain("| 11 | `psql -U app -d credit &lt; dump.sql` | a\\|b | c | d |");
});

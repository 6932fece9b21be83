import type { RunbookNode } from "../../domain/runbook.ts";
import { type CoveredItem, type CoverageReport, countCoverage, countedAs } from "./coverage.ts";

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function labelOf({ kind, label }: RunbookNode): string {
  return kind === "command" ? `\`${cell(label)}\`` : cell(label);
}

/** In the words under which `countCoverage` counts it. */
function stateOf(item: CoveredItem): string {
  const counted = countedAs(item);
  const state = counted === "missing" ? "**missing**" : counted;
  const noted = item.placeholder && counted === "missing" ? `${state}, and a placeholder` : state;
  return item.stale === null ? noted : `${noted}, stale: ${item.stale}`;
}

function sections(items: readonly CoveredItem[]): string[] {
  const bySection = Map.groupBy(items, ({ path }) => path.join(" > "));
  return [...bySection].map(([path, rows]) =>
    [
      `### ${cell(path)}`,
      "",
      "| line | item | coverage | by |",
      "| --- | --- | --- | --- |",
      ...rows.map(
        (row) => `| ${row.node.line} | ${labelOf(row.node)} | ${stateOf(row)} | ${cell(row.by.join("; "))} |`,
      ),
    ].join("\n"),
  );
}

/** `119 items: 70 automatic, …`: the line people read first. */
export function coverageLine(report: CoverageReport): string {
  const { automatic, assisted, manual, missing, placeholder } = countCoverage(report);
  const all = report.items.length;
  const share = all === 0 ? 0 : Math.floor(((automatic + assisted) / all) * 100);
  return `${all} items: ${automatic} automatic, ${assisted} assisted (together ${share} %), ${manual} manual, ${placeholder} placeholders, ${missing} missing`;
}

/** The report as Markdown; the same playbooks and runbook on the same day give the same bytes. */
export function coverageMarkdown(report: CoverageReport): string {
  const { title, overdueSince, deviations, items } = report;
  return `${[
    `# Coverage of “${title}”`,
    `${coverageLine(report)}.`,
    ...(overdueSince === null
      ? []
      : [`The runbook itself is stale: its next review was due on ${overdueSince}.`]),
    "*Automatic*: crai does it. *Assisted*: a person decides or attests; crai asks, reminds and records. *Manual*: people do it, knowingly. *Placeholder*: crai is ready for it, and the runbook holds no real name, number or address there.",
    "## Deviations",
    deviations.length === 0
      ? "None."
      : [
          "| line | the runbook says | why that cannot work | crai does instead | its owner should decide |",
          "| --- | --- | --- | --- | --- |",
          ...deviations.map(
            ({ line, label, problem, instead, decide }) =>
              `| ${line} | \`${cell(label)}\` | ${cell(problem)} | ${cell(instead)} | ${cell(decide)} |`,
          ),
        ].join("\n"),
    "## Items",
    ...sections(items),
  ].join("\n\n")}\n`;
}

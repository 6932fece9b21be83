import { existsSync } from "node:fs";
import { actions } from "../../src/actions/index.ts";
import { coverageOf } from "../../src/cli/coverage.ts";
import { loadPlaybooks } from "../../src/engine/playbooks/load-playbooks.ts";
import { indexActions } from "../../src/engine/playbooks/loaded.ts";
import { coverageMarkdown } from "../../src/engine/runbook/report.ts";

/** The runbook that the shipped playbooks carry; it is its owner's, and not part of this repository. */
const runbook = "../shared/runbook/production-deployment-runbook.md";
export const hasRunbook = existsSync(runbook);
if (!hasRunbook) console.log("skipped: no ../shared/runbook");

/** As of the day a playbook was last reviewed, so that the page changes with the playbooks and not overnight. */
export function coverageReport() {
  const playbooks = loadPlaybooks("playbooks", indexActions(actions));
  const today =
    [...playbooks.values()]
      .map(({ metadata }) => metadata.reviewed)
      .sort()
      .at(-1) ?? "";
  return coverageOf(runbook, { playbooks: "playbooks", today });
}

export function coveragePage(): string {
  return `<!-- Written by \`npm run docs\` from the runbook, playbooks/ and playbooks/runbooks/. -->\n\n${coverageMarkdown(coverageReport())}`;
}

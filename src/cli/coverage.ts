import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { actions } from "../actions/index.ts";
import { UserError } from "../domain/errors.ts";
import { parseYaml } from "../engine/parse-yaml.ts";
import { loadPlaybooks } from "../engine/playbooks/load-playbooks.ts";
import { indexActions } from "../engine/playbooks/loaded.ts";
import { claimsOf, claimsOfNotes, deviationsOf } from "../engine/runbook/claims.ts";
import { type CoverageReport, coverRunbook } from "../engine/runbook/coverage.ts";
import { readRunbook } from "../engine/runbook/read-runbook.ts";
import { RunbookNotes } from "../engine/runbook/runbook-notes.ts";

interface Noted {
  file: string;
  notes: RunbookNotes;
}

/** The notes under `<playbooks>/runbooks/` that speak of a document of this title. */
function notesOn(title: string, folder: string): Noted[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => {
      const file = join(folder, name);
      return { file, notes: parseYaml(RunbookNotes, { file, source: readFileSync(file, "utf8") }) };
    })
    .filter(({ notes }) => notes.metadata.title === title);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new UserError(`${file} cannot be read`, {
      why: cause instanceof Error ? cause.message : String(cause),
      next: "Give the path of a runbook in Markdown: crai check --coverage docs/runbook.md",
      cause,
    });
  }
}

/** What becomes of each item of a Markdown runbook in the playbooks of a folder. Throws a UserError for files that are wrong. */
export function coverageOf(
  file: string,
  { playbooks, today }: { playbooks: string; today: string },
): CoverageReport {
  const runbook = readRunbook(read(file));
  const noted = notesOn(runbook.title, join(playbooks, "runbooks"));
  return coverRunbook(runbook, {
    claims: [
      ...claimsOf(loadPlaybooks(playbooks, indexActions(actions)).values()),
      ...noted.flatMap(({ file: at, notes }) => claimsOfNotes(notes, at)),
    ],
    deviations: noted.flatMap(({ file: at, notes }) => deviationsOf(notes, at)),
    today,
  });
}

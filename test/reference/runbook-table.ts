import { existsSync, readFileSync } from "node:fs";
import type { CoveredItem } from "../../src/engine/runbook/coverage.ts";
import { coverageReport } from "./coverage.ts";
import { table } from "./table.ts";

const alerts = "deploy/monitoring/credit-risk-rules.yaml";

/** Where what carries an item out can be read: `deploy › api` → its playbook, `/crai docs` → its command. */
function linkOf(by: string): string {
  const [name = ""] = by.split(" › ");
  const command = /^\/crai ([a-z-]+)/.exec(by)?.[1];
  const [text, file] =
    command !== undefined
      ? [`/crai ${command}`, `commands/${command}.ts`]
      : by.startsWith("alert ")
        ? ["alerts", alerts]
        : [name, `playbooks/${name}.yaml`];
  if (!existsSync(file)) throw new Error(`${by}: there is no ${file} to link to`);
  return `[${text}](${file})`;
}

/** Its heading, and the one below it; one that stands alone below its parent tells nothing and is passed over. */
function sectionOf({ path }: CoveredItem, items: readonly CoveredItem[]): string[] {
  const [chapter = ""] = path;
  const inChapter = items.filter((item) => item.path[0] === chapter);
  const isAlone = new Set(inChapter.map((item) => item.path[1])).size === 1 && inChapter.length > 1;
  const part = path[isAlone ? 2 : 1];
  return part === undefined || part === chapter ? [chapter] : [chapter, part];
}

/** Each section of the runbook, and what carries it out. */
function runbookTable(): string {
  const { items } = coverageReport();
  const sections = Map.groupBy(items, (item) => sectionOf(item, items).join(": "));
  return table(
    ["Section of the runbook", "In crai"],
    [...sections].map(([section, covered]) => [
      section,
      [...new Set(covered.flatMap(({ by }) => by.map(linkOf)))].join(", "),
    ]),
  );
}

const begin = "<!-- Written by `npm run docs`: begin -->";
const end = "<!-- Written by `npm run docs`: end -->";

/** README.md with the table between its two marks made anew. */
export function readmePage(): string {
  const readme = readFileSync("README.md", "utf8");
  const [before, rest = ""] = readme.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`README.md has no "${begin}" and "${end}"`);
  return `${before}${begin}\n\n${runbookTable()}\n\n${end}${after}`;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { commands } from "../../../commands/index.ts";
import { coverageOf } from "../../../src/cli/coverage.ts";
import { parseYaml } from "../../../src/engine/parse-yaml.ts";
import { RunbookNotes } from "../../../src/engine/runbook/runbook-notes.ts";

const file = "playbooks/runbooks/production-deployment.yaml";
const notes = parseYaml(RunbookNotes, { file, source: readFileSync(file, "utf8") });
const runbook = "../shared/runbook/production-deployment-runbook.md";
if (!existsSync(runbook)) console.log("skipped: no ../shared/runbook");

test("every command and every alert rule that the notes name is there", () => {
  const folder = "deploy/monitoring";
  const rules = readdirSync(folder)
    .filter((name) => name.endsWith("-rules.yaml"))
    .flatMap((name) => {
      const { groups } = parse(readFileSync(`${folder}/${name}`, "utf8")) as {
        groups: { rules: { alert: string }[] }[];
      };
      return groups.flatMap((group) => group.rules.map(({ alert }) => alert));
    });
  const names = commands.map(({ name }) => name);
  const unknown = notes.covered.filter(({ command, rule }) =>
    command === undefined ? !rules.includes(rule ?? "") : !names.includes(command.split(" ")[0]!),
  );
  expect(unknown).toEqual([]);
});

test.skipIf(!existsSync(runbook))("whatever playbooks and notes refer to is in the runbook, once", () => {
  expect(coverageOf(runbook, { playbooks: "playbooks", today: "2026-11-23" }).problems).toEqual([]);
});

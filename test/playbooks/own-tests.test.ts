import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { type PlaybookTestResult, runPlaybookTests } from "../../sandbox/playbook-tests/run-all.ts";
import { createTestDatabase } from "../support/database.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** ms for all tests of one playbook; two cores carry everything. */
const timeout = 300_000;

async function resultsOf(playbooks: string, only: string): Promise<PlaybookTestResult[]> {
  const results: PlaybookTestResult[] = [];
  await runPlaybookTests({
    playbooks,
    only,
    folder: () => temporaryFolder(),
    database: async () => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return database.url;
    },
    done: (result) => void results.push(result),
  });
  return results;
}

interface Tested {
  metadata: { name: string };
  tests?: object[];
}

const tested = globSync("playbooks/*.yaml")
  .map((file) => parse(readFileSync(file, "utf8")) as Tested)
  .filter(({ tests }) => tests !== undefined)
  .map(({ metadata }) => metadata.name);

test.each(tested)("%s passes the tests it brings with it", { timeout }, async (name) => {
  const results = await resultsOf("playbooks", name);
  expect(results.length).toBeGreaterThan(0);
  expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
});

test("a test that expects something else says what came instead", { timeout }, async () => {
  const folder = temporaryFolder();
  copyFileSync("playbooks/rollback.yaml", join(folder, "rollback.yaml"));
  const rollback = parse(readFileSync("playbooks/rollback.yaml", "utf8")) as Tested;
  const inputs = { app: "api" };
  const tests = [
    { name: "title", inputs, expect: { title: "Dance", steps: ["undo"] } },
    { name: "refusal", inputs, expect: { refused: "no" } },
    { name: "plan", inputs: { app: "nope" }, expect: { title: "x" } },
    { name: "person", as: "nobody", inputs, expect: {} },
    { name: "world", given: [{ rain: {} }], inputs, expect: {} },
  ];
  writeFileSync(join(folder, "rollback.yaml"), stringify({ ...rollback, tests }));
  const said = new Map(
    (await resultsOf(folder, "rollback")).map((result) => [result.test, result.problems.join("\n")]),
  );
  expect(said.get("title")).toMatch(
    /should say "Dance"; it says "Roll api-deployment back.*its steps are undo, wait/s,
  );
  expect(said.get("refusal")).toMatch(/^it was planned: Roll api-deployment back/);
  expect(said.get("plan")).toContain('it was refused: There is no app "nope".');
  expect(said.get("person")).toContain("there is nobody called nobody");
  expect(said.get("world")).not.toBe("");
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { craiConfig, sandboxPace } from "../../sandbox/crai-config.ts";
import { cluster as seed } from "../../sandbox/seed.ts";
import { startProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const script = new URL("../../src/cli.ts", import.meta.url);

const playbook = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: rollback
  version: 1
  title: "Roll back \${{ app }}"
  owner: DevOps Team
  runbook: [Rollback Procedures]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs:
  app: { type: app, required: true, description: The app }
  env: { type: environment, description: The environment }
  to: { type: revision, description: The revision }
permission: rollout:undo
permissions: [workload:read]
risk: reversible
steps:
  - { id: undo, action: rollout-undo, with: { to: "\${{ inputs.to }}" }, timeout: 1m }
  - { id: wait, action: rollout-wait, timeout: 2m }
`;

const config = craiConfig("http://localhost:1", sandboxPace, {
  context: seed.name,
  prometheus: "http://localhost:1",
});

/** A crai.yaml and a folder of playbooks: no database, no cluster. */
function files(playbooks: Record<string, string>, crai = config) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "playbooks"));
  writeFileSync(join(folder, "crai.yaml"), crai);
  for (const [name, yaml] of Object.entries(playbooks))
    writeFileSync(join(folder, "playbooks", `${name}.yaml`), yaml);
  return { CRAI_CONFIG: join(folder, "crai.yaml"), CRAI_PLAYBOOKS: join(folder, "playbooks") };
}

async function check(words: string[], env: Record<string, string>) {
  const process = startProcess(script, { args: ["check", ...words], env });
  const { code } = await process.exited;
  return { code, output: process.output() };
}

test("check names every problem of both kinds of files, with file and line", async () => {
  const a = playbook.replace("risk: reversible", "risk: mild").replace("version: 1", "version: one");
  const { code, output } = await check([], files({ a, b: "steps: [\n" }, `${config}\nsurprise: 1\n`));

  expect(output).toMatch(/crai\.yaml:\d+:\d+ surprise/);
  expect(output).toMatch(/a\.yaml:6:12 metadata\.version/);
  expect(output).toMatch(/a\.yaml:18:7 risk/);
  expect(output).toMatch(/b\.yaml:\d+:\d+ /);
  expect(code).toBe(1);
});

test("check says what is in force when nothing is wrong", async () => {
  const { code, output } = await check(["--files"], files({ rollback: playbook }));

  expect(output).toContain("1 playbook (rollback v1)");
  expect(code).toBe(0);
});

test("check carries out the tests that playbooks bring with them, and says what came instead", async () => {
  const own = `
tests:
  - { name: goes back, inputs: { app: api }, expect: { title: Roll, steps: [undo, wait] } }
  - { name: dances, inputs: { app: api }, expect: { title: Dance } }
`;
  const failing = await check([], files({ rollback: `${playbook}${own}` }));
  expect(failing.output).toContain("✓ rollback: goes back");
  expect(failing.output).toMatch(/✗ rollback: dances\n +the title should say "Dance"; it says "Roll /);
  expect(failing.code).toBe(1);

  const env = files({ rollback: `${playbook}${own.replace("Dance", "Roll")}` });
  const { code, output } = await check(["rollback", "--json"], env);
  expect(JSON.parse(output.split("\n").find((text) => text.startsWith("{"))!)).toMatchObject({
    problems: [],
    tests: [
      { test: "goes back", problems: [] },
      { test: "dances", problems: [] },
    ],
  });
  expect(code).toBe(0);
  expect((await check(["dance"], env)).output).toContain('There is no playbook "dance".');
}, 120_000);

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { globSync } from "tinyglobby";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { actions } from "../../src/actions/index.ts";
import { configurationPage, environment } from "./configuration.ts";
import { coveragePage, hasRunbook } from "./coverage.ts";
import { readmePage } from "./runbook-table.ts";
import { configSchema, people, playbookSchema, type JsonSchema } from "./json-schema.ts";
import { playbooksPage, summaries } from "./playbooks.ts";

const root = new URL("../../", import.meta.url).pathname;

function json(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function validator(schema: JsonSchema) {
  const ajv = new Ajv({ allErrors: true, strict: false });
  addFormats.default(ajv);
  return (value: unknown): string[] =>
    ajv.validate(schema, value)
      ? []
      : (ajv.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
}

/** `npm run docs` writes these files anew. */
describe("what is generated is what is committed:", () => {
  test.each([
    ["docs/configuration.md", configurationPage],
    ["docs/playbooks.md", playbooksPage],
    ["schema/crai.schema.json", () => json(configSchema())],
    ["schema/playbook.schema.json", () => json(playbookSchema())],
  ])("%s", async (file, write) => {
    await expect(write()).toMatchFileSnapshot(`${root}${file}`);
  });

  test.skipIf(!hasRunbook)("docs/runbook-coverage.md", async () => {
    await expect(coveragePage()).toMatchFileSnapshot(`${root}docs/runbook-coverage.md`);
  });

  test.skipIf(!hasRunbook)("README.md's table of the runbook", async () => {
    await expect(readmePage()).toMatchFileSnapshot(`${root}README.md`);
  });
});

describe("the hand-written parts of the reference are whole", () => {
  test("every variable that src/config.ts reads is documented, and no other", () => {
    const read = readFileSync(`${root}src/config.ts`, "utf8").matchAll(/setting\(env, "([A-Z_]+)"\)/g);

    expect(new Set(environment.map(([name]) => name))).toEqual(new Set([...read].map(([, name]) => name)));
  });

  test("every action has a summary, and no other name has", () => {
    expect(Object.keys(summaries)).toEqual(
      actions.map(({ name }) => name).filter((name) => !people.has(name)),
    );
  });
});

describe("the JSON Schema for editors", () => {
  const playbooks = globSync("playbooks/*.{yaml,yml}", { cwd: root });
  const ofConfig = validator(configSchema());
  const ofPlaybook = validator(playbookSchema());

  test("accepts crai.example.yaml", () => {
    expect(ofConfig(parse(readFileSync(`${root}crai.example.yaml`, "utf8")))).toEqual([]);
  });

  test("refuses an unknown key and a duration without a unit", () => {
    const example = parse(readFileSync(`${root}crai.example.yaml`, "utf8")) as object;

    expect(ofConfig({ ...example, clutser: {} })).toEqual([" must NOT have additional properties"]);
    expect(ofConfig({ ...example, deadlines: { approval: "10" } })).toEqual([
      expect.stringContaining("/deadlines/approval must match pattern"),
    ]);
  });

  test.each(playbooks)("accepts %s", (file) => {
    expect(ofPlaybook(parse(readFileSync(`${root}${file}`, "utf8")))).toEqual([]);
    expect(basename(file)).toMatch(/^[a-z-]+\.yaml$/);
  });

  test("refuses an action that does not exist, a parameter it does not take, and a change under verify", () => {
    const rollback = parse(readFileSync(`${root}playbooks/rollback.yaml`, "utf8")) as object;
    const wrong = (change: object): string[] => ofPlaybook({ ...rollback, ...change });

    expect(wrong({ steps: [{ id: "a", action: "rollout-redo" }] })).toContain(
      "/steps/0/action must be equal to one of the allowed values",
    );
    expect(wrong({ steps: [{ id: "a", action: "rollout-undo", with: { from: 1 } }] })).toContain(
      "/steps/0/with must NOT have additional properties",
    );
    expect(wrong({ verify: [{ id: "a", action: "rollout-undo" }] })).toContain(
      "/verify/0/action must be equal to one of the allowed values",
    );
  });
});

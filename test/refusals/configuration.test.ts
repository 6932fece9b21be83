import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { craiConfig, kubeconfig, sandboxPace } from "../../sandbox/crai-config.ts";
import { readConfig } from "../../src/config.ts";
import { UserError } from "../../src/domain/errors.ts";
import { createTestDatabase } from "../support/database.ts";
import { startProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = "src/main.ts";

/** Nothing answers at these addresses, and nothing is to. */
const nowhere = "http://127.0.0.1:9";
const slack = {
  SLACK_BOT_TOKEN: "xoxb-test",
  SLACK_APP_TOKEN: "xapp-test",
  SLACK_API_URL: `${nowhere}/api/`,
};

function configFile(change: (text: string) => string = (text) => text): string {
  const file = join(temporaryFolder(), "crai.yaml");
  writeFileSync(
    file,
    change(craiConfig(nowhere, sandboxPace, { context: "practice", prometheus: `${nowhere}/prom` })),
  );
  return file;
}

/** Everything a start needs, on a database of the test's own. */
async function environment(more: Record<string, string> = {}): Promise<Record<string, string>> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "kubeconfig"), kubeconfig(nowhere));
  return {
    ...slack,
    CRAI_CONFIG: configFile(),
    CRAI_DATA_DIR: join(folder, "data"),
    KUBECONFIG: join(folder, "kubeconfig"),
    HOST: "127.0.0.1",
    PORT: "0",
    ...more,
  };
}

/** What crai says before it ends by itself. */
async function refusal(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  await using crai = startProcess(program, { env });
  const { code } = await crai.exited;
  return { code, said: crai.output() };
}

test("without any setting it names every missing one and where to get it", async () => {
  const { code, said } = await refusal({
    CRAI_CONFIG: join(mkdtempSync(join(tmpdir(), "crai-")), "crai.yaml"),
  });
  expect(code).toBe(2);
  expect(said).toMatch(/SLACK_BOT_TOKEN: api\.slack\.com/);
  expect(said).toMatch(/SLACK_APP_TOKEN .*or SLACK_SIGNING_SECRET/);
  expect(said).toMatch(/no configuration at .*crai\.yaml[\s\S]*Copy crai\.example\.yaml/);
  expect(said).not.toMatch(/^\s+at /m);
});

test("a secret's file that is not there, a port and a level that are none are named together", async () => {
  const { code, said } = await refusal({
    ...slack,
    CRAI_CONFIG: configFile(),
    GRAFANA_TOKEN_FILE: "/nowhere/token",
    PORT: "eighty",
    LOG_LEVEL: "loud",
  });
  expect(code).toBe(2);
  for (const wrong of [
    "GRAFANA_TOKEN_FILE: /nowhere/token",
    'PORT is no port number: "eighty"',
    'LOG_LEVEL is no level: "loud"',
  ])
    expect(said).toContain(wrong);
});

test("a crai.yaml that is wrong in several places has each named by line and column", async () => {
  const file = configFile((text) =>
    text
      .replace("command: /crai", "command: crai")
      .replace("    owner: SRE\n", "    owner: SRE\n    colour: red\n")
      .replace("cluster: practice", "cluster: practise")
      .replace("- responder\n", "- respondre\n")
      .replaceAll("    - federated\n", "    - federation\n")
      .replace("approval: 10m", "approval: soon"),
  );
  const { code, said } = await refusal({ ...slack, CRAI_CONFIG: file });
  expect(code).toBe(2);
  const lines = said.split("\n").filter((line) => line.startsWith(`${file}:`));
  expect(lines.map((line) => line.slice(file.length))).toEqual([
    expect.stringMatching(/^:\d+:\d+ slack\.command: /),
    expect.stringMatching(/^:\d+:\d+ apps\.api\.colour: .*nrecognized key/),
    expect.stringMatching(/^:\d+:\d+ apps\.api\.environments\.prod\.cluster: no cluster "practise"/),
    expect.stringMatching(/^:\d+:\d+ apps\.postgres\.database\.writers\.1: no app "federation"/),
    expect.stringMatching(/^:\d+:\d+ access\.rules\.0\.roles\.0: no role "respondre"/),
    expect.stringMatching(/^:\d+:\d+ manifests\.follow\.1: no app "federation"/),
    expect.stringMatching(/^:\d+:\d+ deadlines\.approval: "soon" is no duration/),
  ]);
});

test("a contact that is a placeholder, and names of what is not there, are refused where they stand", () => {
  const file = configFile((text) =>
    text
      .replace("legal@credit-risk-ai.example.com", '"[Vendor-specific contact]"')
      .replace("+49 30 901820", "+1-555-ONCALL-2")
      .replace("contact: SRE", "contact: SER")
      .replace("- Legal Counsel", "- Legal")
      .replace("- api/errorRate", "- api/errorrate"),
  );
  let said = "";
  try {
    readConfig(file);
  } catch (error) {
    said = error instanceof UserError ? error.why : String(error);
  }
  expect(said.split("\n").map((line) => line.replace(/^.*?crai\.yaml:\d+:\d+ /, ""))).toEqual([
    'dashboards.overview.metrics.1: no metric "api/errorrate"',
    expect.stringMatching(/^contacts\.Legal Counsel: a placeholder reaches nobody/),
    expect.stringMatching(/^contacts\.Second line\.phone: a placeholder reaches nobody/),
    'escalation.0.contact: no contact "SER"',
    'invitations.breach.1: no contact "Legal"',
  ]);
});

test.each([
  ["no YAML", "slack: [", /:\d+:\d+ /],
  ["the same key twice", "slack: {}\nslack: {}\n", /:2:1 .*unique/],
  ["nothing", "", /:1:1 .*expected object/],
  [
    "aliases of aliases",
    `a: &a [1,1]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [${i === 0 ? "*a,*a" : `*b${i - 1},*b${i - 1}`}]`).join("\n")}\n`,
    /alias/i,
  ],
])("a crai.yaml that holds %s is refused in words", async (_, text, why) => {
  const { code, said } = await refusal({ ...slack, CRAI_CONFIG: configFile(() => text) });
  expect(code).toBe(2);
  expect(said).toMatch(why);
  expect(said).not.toMatch(/^\s+at /m);
});

test("playbooks that are wrong are refused at the start, all of them with their lines", async () => {
  await using database = await createTestDatabase();
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a.yaml"), "apiVersion: crai/v1\nkind: Playbok\nsteps: []\n");
  writeFileSync(join(folder, "b.yaml"), "kind: [\n");
  writeFileSync(
    join(folder, "c.yaml"),
    [
      "apiVersion: crai/v1",
      "kind: Playbook",
      "steps:",
      "  - id: one",
      "    action: rollout-undoo",
      "  - id: one",
      "    action: scale",
      '    with: { replicas: "${{ inputs.n + }}" }',
      "verify:",
      "  - id: look",
      "    action: rollout-undo",
    ].join("\n"),
  );
  const { code, said } = await refusal(
    await environment({ DATABASE_URL: database.url, CRAI_PLAYBOOKS: folder, LOG_LEVEL: "silent" }),
  );
  expect(code).toBe(2);
  const lines = said.split("\n").filter((line) => line.startsWith(folder));
  const named = lines.map((line) => line.slice(folder.length + 1));
  expect(named).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^a\.yaml:2:7 kind: /),
      expect.stringMatching(/^a\.yaml:3:8 steps: /),
      expect.stringMatching(/^b\.yaml:\d+:\d+ /),
      expect.stringMatching(/^c\.yaml:5:13 steps\.0\.action: there is no action "rollout-undoo"/),
      expect.stringMatching(/^c\.yaml:6:9 steps\.1\.id: two steps are named one/),
      expect.stringMatching(/^c\.yaml:8:\d+ steps\.1\.with\.replicas: .*CEL/),
      expect.stringMatching(/^c\.yaml:11:13 verify\.0\.action: .*may only look/),
    ]),
  );
});

test("a second crai on the same data is told so in plain words, and the first one goes on", async () => {
  const env = await environment({ LOG_LEVEL: "info" });
  await using first = startProcess(program, { env });
  await first.waitFor(/crai is ready/, 60_000);
  const { code, said } = await refusal(env);
  expect(code).toBe(1);
  expect(said).toContain(`Another crai serves the record in ${env["CRAI_DATA_DIR"]}.`);
  expect(said).toContain("CRAI_DATA_DIR");
  first.signal("SIGTERM");
  expect((await first.exited).code).toBe(0);
});

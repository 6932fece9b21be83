import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { craiConfig, kubeconfig, sandboxPace } from "../sandbox/crai-config.ts";
import { cluster as seed, people } from "../sandbox/seed.ts";
import { recordEndpoint } from "../src/store/endpoints.ts";
import { openDatabase } from "../src/store/database.ts";
import { listRuns } from "../src/store/runs.ts";
import { appendEntry } from "../src/store/timeline.ts";
import { createTestDatabase, execute } from "./support/database.ts";
import { startPracticeCluster } from "./support/practice-cluster.ts";
import { startProcess } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const script = new URL("../src/cli.ts", import.meta.url);

/** Rolls back and looks at nothing afterwards, so that no metrics are needed. */
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

type Env = Record<string, string>;

async function run(args: string[], env: Env = {}) {
  const process = startProcess(script, { args, env });
  const { code } = await process.exited;
  return { code, output: process.output() };
}

/** Without the line breaks of an 80 column terminal. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** No Slack and no PagerDuty anywhere: a database, a cluster, and people with their own kubeconfig. */
async function startWorld({ podStart = 60 } = {}) {
  const database = await createTestDatabase();
  const db = openDatabase(database.url);
  const cluster = await startPracticeCluster({ timing: { podStart } });
  const folder = temporaryFolder();
  const config = parse(
    craiConfig(cluster.url, sandboxPace, { context: seed.name, prometheus: cluster.url }),
  ) as {
    access: { roles: Record<string, object> };
  };
  config.access.roles["responder"] = { members: ["U0ROBIN", "U0ALEX", "U0SASHA"] };
  config.access.roles["lead"] = { members: ["U0ALEX"] };
  config.access.roles["oncall"] = { members: [] };
  writeFileSync(join(folder, "crai.yaml"), stringify(config));
  writeFileSync(join(folder, "kubeconfig"), kubeconfig(cluster.url).replaceAll("/k8s", ""), { mode: 0o600 });
  mkdirSync(join(folder, "playbooks"));
  writeFileSync(join(folder, "playbooks", "rollback.yaml"), playbook);
  onTestFinished(async () => {
    await cluster.close();
    await db.destroy();
    await database.drop();
  });
  const env = {
    CRAI_CONFIG: join(folder, "crai.yaml"),
    CRAI_PLAYBOOKS: join(folder, "playbooks"),
    KUBECONFIG: join(folder, "kubeconfig"),
    DATABASE_URL: database.url,
  };
  const patches = () =>
    cluster.audit.filter(({ verb, requestURI }) => verb === "patch" && !requestURI.includes("dryRun"));
  return { db, url: database.url, cluster, folder, env, patches };
}

test("help needs neither Slack nor a configuration", async () => {
  const { code, output } = await run(["help"]);

  expect(output).toContain("crai rollback");
  expect(output).toContain("crai audit");
  expect(code).toBe(0);
});

test("a typo gets the nearest command before anything is opened", async () => {
  const { code, output } = await run(["run", "rolback", "--app", "api"]);

  expect(output).toContain('There is no command "rolback".');
  expect(output).toContain("rollback");
  expect(code).toBe(1);
});

test("a missing configuration is named, with exit 2", async () => {
  const { code, output } = await run(["runs"], { CRAI_CONFIG: "/nowhere/crai.yaml" });

  expect(output).toContain("/nowhere/crai.yaml");
  expect(code).toBe(2);
});

test("audit verify proves a record, and names the first entry that was tampered with", async () => {
  const { db, url, env } = await startWorld();
  for (const [index, text] of ["one", "two", "three"].entries())
    await db.transaction().execute((trx) =>
      appendEntry(trx, {
        stream: "incident:7",
        at: new Date("2026-11-22T14:00:00Z"),
        key: `note:${index}`,
        actor: { kind: "observer" },
        fact: { kind: "note.added", text, link: null },
      }),
    );
  const before = await run(["audit", "verify"], env);
  const head = /head ([0-9a-f]{64})/.exec(before.output)?.[1] ?? "";
  const proved = await run(["audit", "verify", "--incident", "7", "--hash", head], env);

  await execute(
    url,
    "alter table timeline_entry disable trigger timeline_is_append_only",
    `update timeline_entry set fact = jsonb_set(fact, '{text}', '"tow"') where stream = 'incident:7' and seq = 2`,
    "alter table timeline_entry enable trigger timeline_is_append_only",
  );
  const after = await run(["audit", "verify"], env);

  expect(before).toMatchObject({ code: 0, output: expect.stringContaining("incident:7: 3 entries") });
  expect(proved.code).toBe(0);
  expect(after.output).toContain("incident:7: entry 2 its content was changed after it was written");
  expect(after.code).toBe(1);
});

test("audit verify sees that the end of a record was cut off", async () => {
  const { db, url, env } = await startWorld();
  await db.transaction().execute((trx) =>
    appendEntry(trx, {
      stream: "incident:7",
      at: new Date("2026-11-22T14:00:00Z"),
      key: "note",
      actor: { kind: "observer" },
      fact: { kind: "note.added", text: "gone", link: null },
    }),
  );
  await execute(
    url,
    "alter table timeline_entry disable trigger timeline_is_append_only",
    "delete from timeline_entry where stream = 'incident:7'",
  );

  const { code, output } = await run(["audit", "verify"], env);

  expect(output).toContain("incident:7: entry 1 is missing");
  expect(code).toBe(1);
});

test("who somebody is, is what the cluster says about their own kubeconfig", async () => {
  const { env } = await startWorld();

  const robin = await run(["--context", "robin", "whoami"], env);
  const bot = await run(["whoami"], env);

  expect(robin.output).toContain("You are robin@credit-risk-ai.example.com");
  expect(robin.output).toMatch(/Roles +responder/);
  expect(bot.output).toContain("system:serviceaccount:crai:crai");
  expect(bot.output).toMatch(/Roles +none/);
});

test("an API server that is not the one crai serves may not say who somebody is", async () => {
  const { db, env } = await startWorld();
  await recordEndpoint(
    db,
    seed.name,
    { server: "https://api.prod.example.com:6443", ca: "ab".repeat(32) },
    new Date(),
  );

  const { code, output } = await run(["--context", "robin", "runs"], env);

  expect(output).toContain("Your kubeconfig is for another API server than cluster practice.");
  expect(output).toContain("https://api.prod.example.com:6443");
  expect(code).toBe(1);
});

test("whom a kubeconfig impersonates is not who calls", async () => {
  const { env, folder } = await startWorld();
  const file = parse(readFileSync(env.KUBECONFIG, "utf8")) as { users: { user: { as?: string } }[] };
  // crai's own account may impersonate Robin, and here it does.
  file.users[0]!.user.as = people.robin.kubernetes.user;
  const borrowed = join(folder, "borrowed");
  writeFileSync(borrowed, stringify(file));

  const { code, output } = await run(["whoami"], { ...env, KUBECONFIG: borrowed });

  expect(output).toContain(`Your kubeconfig acts as "${people.robin.kubernetes.user}" in cluster practice.`);
  expect(output).not.toContain("You are");
  expect(code).toBe(1);
});

test("an API server whose certificate is not checked may not say who somebody is", async () => {
  const { db, env, folder } = await startWorld();
  const server = "https://api.prod.example.com:6443";
  await recordEndpoint(db, seed.name, { server, ca: null }, new Date());
  const file = parse(readFileSync(env.KUBECONFIG, "utf8")) as { clusters: { cluster: object }[] };
  file.clusters[0]!.cluster = { server, "insecure-skip-tls-verify": true, "proxy-url": "http://127.0.0.1:9" };
  const careless = join(folder, "careless");
  writeFileSync(careless, stringify(file));

  const { code, output } = await run(["--context", "robin", "whoami"], { ...env, KUBECONFIG: careless });

  expect(flat(output)).toContain("Your kubeconfig does not check that it is cluster practice that answers.");
  expect(code).toBe(1);
});

test("what another cluster says about somebody does not count for a plan", async () => {
  const { db, env } = await startWorld();
  const config = parse(readFileSync(env.CRAI_CONFIG, "utf8")) as { clusters: Record<string, object> };
  config.clusters["staging"] = { context: seed.name };
  writeFileSync(env.CRAI_CONFIG, stringify(config));
  await run(["--context", "robin", "rollback", "api", "--to", "2", "--no-wait"], env);
  await recordEndpoint(db, seed.name, { server: "https://api.prod.example.com:6443", ca: null }, new Date());
  const robin = (...words: string[]) => run(["--context", "robin", ...words], env);

  expect((await robin("whoami")).output).toContain(`You are ${people.robin.kubernetes.user}`);
  for (const words of [
    ["deny", "P1"],
    ["status", "P1"],
    ["rollback", "api", "--to", "2"],
  ]) {
    const { code, output } = await robin(...words);
    expect(flat(output)).toContain("Your kubeconfig is for another API server than cluster practice.");
    expect(code).toBe(1);
  }
  expect((await db.selectFrom("plan").select("status").execute()).map(({ status }) => status)).toEqual([
    "waiting",
  ]);
});

test("a rollback is planned, approved by another terminal, and carried out here with the requester's own kubeconfig", async () => {
  const { db, env, patches } = await startWorld();
  const requester = startProcess(script, {
    args: ["--context", "robin", "run", "rollback", "--app", "api", "--to", "2"],
    env,
  });
  await requester.waitFor(/Waiting until/);
  expect(patches()).toEqual([]);

  const approver = await run(["--context", "alex", "approve", "P1"], env);
  const { code } = await requester.exited;

  expect(requester.output()).toContain("R1 runs in this terminal");
  expect(requester.output()).toMatch(/✓ .*template of revision 2/);
  expect(approver.code).toBe(0);
  expect(code).toBe(0);
  expect(await listRuns(db, { audience: "everything", limit: 5 })).toMatchObject([
    { number: 1, executor: "cli", outcome: "succeeded" },
  ]);
  expect(patches()).toHaveLength(1);
  const [patch] = patches();
  expect(patch?.user.username).toBe("robin@credit-risk-ai.example.com");
  expect(patch?.impersonatedUser).toBeUndefined();
});

test("an alert's proposal that is taken up in a terminal is carried out there", async () => {
  const { db, env, patches } = await startWorld();
  await run(["--context", "robin", "rollback", "api", "--to", "2", "--no-wait"], env);
  const { document } = await db.selectFrom("plan").select("document").executeTakeFirstOrThrow();
  const proposal = JSON.stringify({ ...document, actor: { kind: "alert", source: "alertmanager" } });
  await db.updateTable("plan").set({ document: proposal, actor_key: "alert:alertmanager" }).execute();

  const taker = startProcess(script, { args: ["--context", "robin", "approve", "P1"], env });
  await taker.waitFor(/P2 needs the yes of a second person[^]*Waiting until/);
  await run(["--context", "alex", "approve", "P2"], env);
  const { code } = await taker.exited;

  expect(taker.output()).toContain("R1 runs in this terminal");
  expect(code).toBe(0);
  expect(patches().map(({ user }) => user.username)).toEqual(["robin@credit-risk-ai.example.com"]);
});

test("one's own plan that needs a second person is not confirmed by oneself", async () => {
  const { env, patches } = await startWorld();

  const planned = await run(["--context", "robin", "rollback", "api", "--to", "2", "--no-wait"], env);
  const own = await run(["--context", "robin", "approve", "P1"], env);

  expect(planned).toMatchObject({ code: 0, output: expect.stringContaining("crai approve P1") });
  expect(own.output).toContain("P1 needs the yes of a second person.");
  expect(own.code).toBe(1);
  expect(patches()).toEqual([]);
});

test("a plan that is denied ends the wait with what was said", async () => {
  const { env } = await startWorld();
  const requester = startProcess(script, {
    args: ["--context", "robin", "rollback", "api", "--to", "2"],
    env,
  });
  await requester.waitFor(/Waiting until/);

  await run(["--context", "alex", "deny", "P1", "--reason", "the database is the cause"], env);
  const { code } = await requester.exited;

  expect(flat(requester.output())).toMatch(/P1 is denied: .* said no: the database is the cause/);
  expect(code).toBe(1);
});

test("a terminal that dies leaves a run that ends as unknown, and nobody takes it up", async () => {
  const { db, env, patches } = await startWorld({ podStart: 3000 });
  const requester = startProcess(script, {
    args: ["--context", "robin", "rollback", "api", "--to", "2"],
    env,
  });
  await requester.waitFor(/Waiting until/);
  const approver = startProcess(script, { args: ["--context", "alex", "approve", "P1"], env });
  await requester.waitFor(/→ Wait until/i);
  await requester.kill();

  await approver.kill();
  const next = await run(["--context", "robin", "runs"], env);

  expect(next.output).toContain("R1 ended: its terminal is gone.");
  expect(flat((await run(["--context", "robin", "runs", "R1"], env)).output)).toContain(
    "R1 Outcome unknown: Roll api-deployment back to revision 2 (v1.1.8) The terminal that carried it out is gone.",
  );
  expect(patches()).toHaveLength(1);
  expect(await db.selectFrom("lock").selectAll().execute()).toEqual([]);
});

test("Ctrl-C stops before the next change and says what stands", async () => {
  const { env } = await startWorld({ podStart: 3000 });
  const requester = startProcess(script, {
    args: ["--context", "robin", "rollback", "api", "--to", "2"],
    env,
  });
  await requester.waitFor(/Waiting until/);
  const approver = startProcess(script, { args: ["--context", "alex", "approve", "P1"], env });
  await requester.waitFor(/→ Wait until/i);
  requester.signal("SIGINT");
  const { code } = await requester.exited;
  await approver.exited;

  expect(requester.output()).toContain("Stopping before the next change");
  expect(flat(requester.output())).toContain("What it had changed stays as it is.");
  expect(code).toBe(1);
});

test("export writes the post-mortem into the file that is named, and to standard output otherwise", async () => {
  const { env, folder } = await startWorld();
  const file = join(folder, "post-mortem.md");
  await run(["--context", "robin", "incident", "declare", "api is down", "--app", "api"], env);

  const printed = await run(["--context", "robin", "export", "--incident", "1"], env);
  const written = await run(["--context", "robin", "export", "--incident", "1", "--out", file], env);

  expect(printed.output).toMatch(/^# Post-mortem: outage of api in prod, api is down/m);
  expect(written.output).toContain(`Written to ${file}`);
  expect(readFileSync(file, "utf8")).toMatch(/^# Post-mortem/);
});

test("--json gives one document on standard output", async () => {
  const { env } = await startWorld();
  const { output } = await run(
    ["--context", "robin", "--json", "rollback", "api", "--to", "2", "--no-wait"],
    env,
  );
  const document = JSON.parse(output.slice(output.lastIndexOf('\n{"'))) as Record<string, unknown>;

  expect(document).toMatchObject({ plan: { number: 1, status: "waiting" }, run: null });
});

test("check --live says of each playbook whether it could be carried out now, and stores nothing", async () => {
  const world = await startWorld();
  world.cluster.store.delete("deployments", seed.namespace, "redis-deployment", {
    manager: "kubectl",
    now: new Date(),
  });
  const { code, output } = await run(["check", "--live"], world.env);
  expect(output).toContain("✓ rollback api in prod");
  expect(output).toMatch(/✗ rollback redis in prod: .*redis-deployment/);
  expect(code).toBe(1);
  expect(await world.db.selectFrom("plan").select("number").execute()).toEqual([]);
});

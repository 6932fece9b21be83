import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { auditLine, auditStreams } from "../../src/cli/audit.ts";
import { EvidenceManifest, sha256 } from "../../src/domain/evidence.ts";
import { incidentByNumber } from "../../src/store/incidents.ts";
import { evidenceArchive } from "../../src/engine/incidents/evidence-archive.ts";
import { ask, entriesOf, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { pace, ship, storyTimeout } from "./story.ts";

let world: World;

async function verified(): Promise<string> {
  const audits = await auditStreams(world.db, { incident: 1, hash: null });
  return audits.map(auditLine).join("\n");
}

/** The archive as the Debian of the day unpacks it. */
async function unpacked(): Promise<string> {
  const incident = (await incidentByNumber(world.db, 1))!;
  const archive = (await evidenceArchive(world.db, incident, await entriesOf(world, 1)))!;
  const folder = temporaryFolder();
  const file = join(folder, "evidence.tar.gz");
  writeFileSync(file, archive.content);
  mkdirSync(join(folder, "out"));
  execFileSync("tar", ["xzf", file, "-C", join(folder, "out")]);
  return join(folder, "out");
}

describe("evidence of a security incident", { timeout: storyTimeout }, () => {
  let channel: string;

  beforeAll(async () => {
    world = await startWorld({ pace });
    const { alex } = world;
    // A container that has restarted: what it said before is evidence too.
    await ship(world, "api", "crash");
    await vi.waitFor(
      () => expect(JSON.stringify(world.sandbox.cluster.store.list("pods"))).toMatch(/"restartCount":[1-9]/),
      { timeout: withinMs, interval: 100 },
    );
    await ask(alex, teamChannel, '/crai declare security api --reason "unknown process"');
    channel = (await alex.waitForChannel(/^inc-0001$/, { withinMs })).id;
    return () => world.close();
  }, storyTimeout);

  test("is kept by itself when the incident is declared, before anything is changed, and ticks its item", async () => {
    const { alex } = world;
    await alex.waitForMessage(channel, /☑ Preserve evidence, .* · \d+ files preserved at/, {
      withinMs,
    });
    const writes = world.sandbox.cluster.audit.filter(
      ({ verb, user }) =>
        verb !== "get" && verb !== "list" && verb !== "watch" && user.username.includes("crai"),
    );
    expect(writes.filter(({ requestURI }) => !/reviews/.test(requestURI))).toEqual([]);
    const reads = world.sandbox.cluster.audit.filter(({ requestURI }) => /\/log\?/.test(requestURI));
    expect(new Set(reads.map(({ impersonatedUser }) => impersonatedUser?.username))).toEqual(
      new Set(["alex@credit-risk-ai.example.com"]),
    );
  });

  test("holds pods, logs before and after a restart, events, image digests and nodes under one manifest", async () => {
    const folder = await unpacked();
    const names = execFileSync("find", [folder, "-type", "f"], { encoding: "utf8" });
    for (const wanted of [
      /pods\/api-deployment-\w+-\w+\.json/,
      /logs\/api-deployment-[^/]+\/api\.log/,
      /logs\/api-deployment-[^/]+\/api\.previous\.log/,
      /events\.json/,
      /images\.json/,
      /nodes\/[^/]+\.json/,
      /CHAIN-OF-CUSTODY\.txt/,
    ])
      expect(names).toMatch(wanted);
    const manifest = readFileSync(join(folder, "R1-evidence/manifest.json"));
    const { files, collectedBy } = EvidenceManifest.parse(JSON.parse(manifest.toString()));
    expect(collectedBy).toMatchObject({ id: "U0ALEX" });
    for (const { name, sha256: hash } of files)
      expect(sha256(readFileSync(join(folder, "R1-evidence", name))), name).toBe(hash);
    const facts = (await entriesOf(world, 1)).map(({ fact }) => fact);
    expect(facts).toContainEqual(
      expect.objectContaining({ kind: "evidence.collected", sha256: sha256(manifest) }),
    );
  });

  test("is handed out in the incident's own channel alone, and that is on the timeline", async () => {
    const { alex, robin } = world;
    expect(await ask(alex, teamChannel, "/crai export --evidence --incident 1")).toContain(
      "There is no incident",
    );
    await alex.command(channel, "/crai export --evidence");
    const told = await alex.waitForMessage(channel, /evidence-inc-0001\.tar\.gz, \d+ files/, { withinMs });
    expect(textOf(told)).toMatch(/SHA-256 [0-9a-f]{64}/);
    const facts = (await entriesOf(world, 1)).map(({ fact }) => fact.kind);
    expect(facts).toContain("evidence.exported");
    for (const { id } of await robin.channels())
      expect(JSON.stringify(await robin.history(id))).not.toMatch(/evidence|unknown process/i);
  });

  test("is proved by the audit, which names a file that was changed", async () => {
    expect(await verified()).toMatch(/^✓ incident:1/);
    await expect(sql`delete from evidence_file`.execute(world.db)).rejects.toThrow(/append-only/);
    await sql`alter table evidence_file disable trigger evidence_is_append_only`.execute(world.db);
    await sql`update evidence_file set content = 'nothing' where name = 'events.json'`.execute(world.db);
    expect(await verified()).toMatch(
      /^✗ incident:1: entry \d+ evidence: events\.json was changed after it was kept/,
    );
  });

  test("is missed in the plan of whoever would restart something before it was kept", async () => {
    const { alex } = world;
    await ask(alex, teamChannel, "/crai declare breach");
    const breach = await alex.waitForChannel(/^inc-0002$/, { withinMs });
    await alex.waitForMessage(breach.id, /☐ Preserve evidence/, { withinMs });
    await alex.command(breach.id, "/crai rollback api");
    await alex.waitForMessage(breach.id, /Evidence has not been preserved yet.*evidence api/s, { withinMs });
    await alex.command(breach.id, "/crai evidence api");
    await alex.waitForMessage(breach.id, /☑ Preserve evidence/, { withinMs });
    await alex.command(breach.id, "/crai rollback federated --to 1");
    // That of another app is none of these pods.
    const other = await alex.waitForMessage(breach.id, /federated.*Nothing has been touched/s, { withinMs });
    expect(textOf(other)).toMatch(/Evidence has not been preserved yet.*evidence federated/s);
    await alex.command(breach.id, "/crai restart api");
    const after = await alex.waitForMessage(breach.id, /Restart api.*Nothing has been touched/s, {
      withinMs,
    });
    expect(textOf(after)).not.toContain("Evidence has not been");
  });
});

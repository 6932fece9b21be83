import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readAccounts } from "../../src/store/embedded/account.ts";
import { installedPackage } from "../../src/store/embedded/package.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { checkoutIsOpenTo, isRoot, mayRun } from "../support/accounts.ts";
import { execute } from "../support/database.ts";
import { startProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ownerScript = new URL("embedded-owner.ts", import.meta.url);
const nobody = readAccounts().find((account) => account.name === "nobody")?.uid ?? 65_534;
/** No line in the password file has it. */
const nameless = 12_345;

const checkoutIsOpen = checkoutIsOpenTo(nobody);
const mayMap = mayRun(nameless, "unshare", "--user", `--map-user=${nobody}`, "true");

/** A folder that belongs to the account. */
function folderOf(uid: number): string {
  const path = temporaryFolder();
  chownSync(path, uid, uid);
  return path;
}

describe.skipIf(!isRoot)("crai as root (skipped: not root)", () => {
  const copies: string[] = [];
  afterEach(() => {
    for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
  });

  test("hands the server to another account, though that may not walk the path to the data", async () => {
    const closed = temporaryFolder();
    chmodSync(closed, 0o700);
    const dataDir = join(closed, "data");
    await using server = await startEmbeddedPostgres({ dataDir });

    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0);
    await execute(server.url, "create table fact (id int)", "insert into fact values (1)");
    expect(await execute(server.url, "select id from fact")).toEqual([{ id: 1 }]);
  });

  test("runs the server as the account that is asked for, and keeps to the data's owner after that", async () => {
    const dataDir = temporaryFolder();
    const first = await startEmbeddedPostgres({ dataDir, runAs: "nobody" });
    expect(statSync(`/proc/${first.pid}`).uid).toBe(nobody);
    await first.stop();

    await using second = await startEmbeddedPostgres({ dataDir });
    expect(statSync(`/proc/${second.pid}`).uid).toBe(nobody);
  });

  test("takes data that root has restored", async () => {
    const dataDir = temporaryFolder();
    const first = await startEmbeddedPostgres({ dataDir });
    await execute(first.url, "create table fact (id int)");
    await first.stop();
    spawnSync("chown", ["-R", "0:0", dataDir]);

    await using second = await startEmbeddedPostgres({ dataDir });
    expect(await execute(second.url, "select id from fact")).toEqual([]);
  });

  test("copies the programs when the account may not reach them", async (context) => {
    const npm = installedPackage();
    if (npm === undefined) return context.skip("skipped: no npm package for this platform");
    const closed = temporaryFolder();
    chmodSync(closed, 0o700);
    cpSync(npm, join(closed, "package"), { recursive: true, verbatimSymlinks: true });
    const version = `0.0.0-${process.pid}`;
    writeFileSync(join(closed, "package/package.json"), JSON.stringify({ name: "@test/copied", version }));
    const copy = `/var/cache/crai/postgresql-copied-${version}`;
    copies.push(copy);

    await using server = await startEmbeddedPostgres({
      dataDir: join(closed, "data"),
      package: join(closed, "package"),
    });
    expect(await execute(server.url, "show server_version_num")).not.toEqual([]);
    expect(existsSync(join(copy, "native/bin/postgres"))).toBe(true);
  });

  test("says which account is missing", async () => {
    await expect(
      startEmbeddedPostgres({ dataDir: temporaryFolder(), runAs: "nosuch" }),
    ).rejects.toMatchObject({
      message: "No account to run PostgreSQL under: nosuch not in /etc/passwd.",
    });
  });
});

describe.skipIf(!checkoutIsOpen)(
  "crai as an ordinary user (skipped: not root, or the checkout is closed)",
  () => {
    test("runs the server under its own account", async () => {
      const owner = startProcess(ownerScript, {
        args: [JSON.stringify({ dataDir: folderOf(nobody) })],
        uid: nobody,
      });
      const { pid } = JSON.parse((await owner.waitFor(/\{.*\}/))[0]);
      expect(statSync(`/proc/${pid}`).uid).toBe(nobody);
    });

    test.skipIf(!mayMap)("needs no name for its uid (skipped: no user namespaces)", async () => {
      const dataDir = folderOf(nameless);
      const owner = startProcess(ownerScript, { args: [JSON.stringify({ dataDir })], uid: nameless });
      const { pid, url } = JSON.parse((await owner.waitFor(/\{.*\}/))[0]);
      expect(statSync(`/proc/${pid}`).uid).toBe(nameless);
      expect(await execute(url, "select 1 as one")).toEqual([{ one: 1 }]);
    });

    test("is told how to get a name for its uid where the kernel lends none", async () => {
      const dataDir = folderOf(nameless);
      // A folder with all programs but `unshare` stands for a container that forbids user namespaces.
      const searchPath = temporaryFolder();
      for (const program of ["sh", "flock"]) symlinkSync(`/usr/bin/${program}`, join(searchPath, program));
      const args = [JSON.stringify({ dataDir, searchPath })];
      const owner = startProcess(ownerScript, { args, uid: nameless });
      await owner.exited;
      expect(owner.output()).toContain("because uid 12345 has no name here");
      expect(owner.output()).toContain("Add a line to /etc/passwd (crai:x:12345:12345::/:/bin/false)");
    });

    test("is told whose the data is when it is somebody else's", async () => {
      const dataDir = temporaryFolder();
      mkdirSync(join(dataDir, "postgres"));
      chmodSync(dataDir, 0o777);
      const owner = startProcess(ownerScript, { args: [JSON.stringify({ dataDir })], uid: nobody });
      await owner.exited;
      expect(owner.output()).toContain(`The database belongs to uid 0, but crai runs as uid ${nobody}`);
    });

    test("nobody else may connect, even where the data folder's path is open", async () => {
      const dataDir = temporaryFolder();
      chmodSync(dataDir, 0o777);
      await using server = await startEmbeddedPostgres({ dataDir, runAs: "postgres" });
      const connecting = `new (require("pg").Client)(${JSON.stringify(server.url)}).connect().then(() => console.log("in"), (error) => console.log(error.code))`;
      const { stdout } = spawnSync(process.execPath, ["-e", connecting], { uid: nobody, encoding: "utf8" });
      expect(stdout.trim()).toBe("EACCES");
    });
  },
);

import { chmodSync, cpSync, existsSync, globSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { installedPackage } from "../../src/store/embedded/package.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded/start.ts";
import { checkoutIsOpenTo, isRoot } from "../support/accounts.ts";
import { execute } from "../support/database.ts";
import { startProcess } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const nobody = 65_534;
const npm = installedPackage();

/** The package as npm unpacks it when it may not run install scripts. */
function packageWithoutLinks(): string {
  const folder = join(temporaryFolder(), "package");
  cpSync(npm!, folder, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
  return folder;
}

describe.skipIf(npm === undefined)("PostgreSQL from npm (skipped: no package for this platform)", () => {
  test("starts although npm was not allowed to run the package's install script", async () => {
    const folder = packageWithoutLinks();
    await using server = await startEmbeddedPostgres({ dataDir: temporaryFolder(), package: folder });
    expect(await execute(server.url, "show server_version_num")).toEqual([
      { server_version_num: expect.stringMatching(/^18/) },
    ]);
    expect(existsSync(join(folder, "native/lib/libicui18n.so.60"))).toBe(process.platform === "linux");
  });

  test("starts from a read-only package without links, and leaves it untouched", async (context) => {
    context.skip(isRoot && !checkoutIsOpenTo(nobody), "skipped: the checkout is closed to other accounts");
    const folder = packageWithoutLinks();
    const before = readdirSync(join(folder, "native/lib"));
    chmodSync(join(folder, "native/lib"), 0o555);
    const dataDir = temporaryFolder();
    chmodSync(dataDir, 0o777);
    // Root may write to a folder of mode 555, so this needs another account.
    const owner = startProcess(new URL("embedded-owner.ts", import.meta.url), {
      args: [JSON.stringify({ dataDir, package: folder })],
      ...(isRoot ? { uid: nobody } : {}),
    });
    const { url } = JSON.parse((await owner.waitFor(/\{.*\}/))[0]);
    expect(await execute(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(readdirSync(join(folder, "native/lib"))).toEqual(before);
  });
});

test("without npm's PostgreSQL the system's is taken", async (context) => {
  context.skip(
    globSync("/usr/lib/postgresql/*/bin/initdb").length === 0,
    "skipped: no PostgreSQL of the system",
  );
  await using server = await startEmbeddedPostgres({ dataDir: temporaryFolder(), package: null });
  expect(await execute(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("without any PostgreSQL it says what to set, and what was tried", async () => {
  const folder = join(temporaryFolder(), "nothing-here");
  const options = { dataDir: temporaryFolder(), package: folder, searchPath: "/usr/bin:/bin" };
  await expect(startEmbeddedPostgres(options)).rejects.toMatchObject({
    message: `No PostgreSQL (15 or newer) for ${process.platform} ${process.arch}.`,
    why: expect.stringContaining(folder),
    next: expect.stringContaining("Set DATABASE_URL"),
  });
});

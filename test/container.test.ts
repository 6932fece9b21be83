import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSandbox, type Sandbox } from "../sandbox/start-sandbox.ts";
import { isRoot } from "./support/accounts.ts";
import { createTestDatabase } from "./support/database.ts";
import { type ProcessOptions, startProcess } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const root = new URL("../", import.meta.url).pathname;
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8").replaceAll("\\\n", " ");

/** The last stage: what runs. */
const stage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM ")).split("\n");

function instructions(name: string): string[] {
  return stage.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
}

function command(line: string | undefined): string[] {
  return JSON.parse(line?.slice(line.indexOf("[")) ?? "") as string[];
}

const user = Number(instructions("USER")[0]?.split(":")[0]);
const program = command(instructions("CMD")[0]);
const healthcheck = command(instructions("HEALTHCHECK")[0]);
const copied = instructions("COPY")
  .filter((line) => !line.startsWith("--from="))
  .map((line) => line.split(" ")[0] ?? "");

interface LockedPackage {
  dev?: boolean;
}

/** Packages that the lock file marks as needed for development only. */
function developmentPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.keys(lock.packages).filter((path) => lock.packages[path]?.dev);
}

/** Makes a folder what an image layer is to its process: nothing in it can be changed. */
function seal(folder: string): void {
  spawnSync("chmod", ["-R", "a+rX,a-w", folder]);
}

/** A TCP address for the run's database, whose socket only its owner can reach. */
async function relay(url: string): Promise<{ url: string; close: () => void }> {
  const target = new URL(url);
  const socketDir = target.searchParams.get("host");
  if (socketDir === null) return { url, close: () => undefined };
  const server = createServer((near) => {
    const far = connect(join(socketDir, ".s.PGSQL.5432"));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const)
      from.on("error", () => to.destroy()).pipe(to);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  target.search = "";
  target.hostname = "127.0.0.1";
  target.port = String((server.address() as AddressInfo).port);
  return { url: target.href, close: () => server.close() };
}

/** The image's tree, made as the Dockerfile makes it. */
function buildTree(tree: string): string | undefined {
  mkdirSync(tree);
  for (const file of ["package.json", "package-lock.json", ".npmrc"])
    cpSync(join(root, file), join(tree, file));
  const npm = spawnSync("npm", ["ci", "--omit=dev", "--prefer-offline"], { cwd: tree, encoding: "utf8" });
  if (npm.status !== 0) return npm.stderr;
  for (const path of copied) cpSync(join(root, path), join(tree, path), { recursive: true });
  seal(tree);
  return undefined;
}

describe("the image", { timeout: 180_000 }, () => {
  // A path that every account can walk, as in an image; a checkout may lie in somebody's closed home folder.
  const folder = temporaryFolder();
  const tree = join(folder, "app");
  const node = join(folder, "node");
  let sandbox: Sandbox;
  let offline: string | undefined;

  beforeAll(async () => {
    cpSync(process.execPath, node);
    sandbox = await startSandbox({ port: 0, dataDir: join(folder, "sandbox"), crai: false });
    if (isRoot) spawnSync("chown", ["-R", `${user}:${user}`, sandbox.dataDir]);
    const failure = buildTree(tree);
    const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT|ENOTCACHED/.exec(
      failure ?? "",
    );
    if (unreachable) offline = `skipped: no package registry (${unreachable[0]})`;
    else if (failure !== undefined) throw new Error(failure);
  }, 300_000);

  afterAll(async () => {
    await sandbox.close();
    spawnSync("chmod", ["-R", "u+w", tree]);
    rmSync(tree, { recursive: true, force: true });
  });

  /** Starts the image's command as its account: HOME and the temporary folder do not exist unless they are given. */
  function start(env: Record<string, string>) {
    const options: ProcessOptions = {
      cwd: tree,
      node,
      env: {
        ...sandbox.craiEnv,
        CRAI_DATA_DIR: "/nonexistent",
        HOME: "/nonexistent",
        TMPDIR: "/nonexistent",
        ...env,
      },
      ...(isRoot ? { uid: user } : {}),
    };
    const [, first = "", ...args] = program;
    return startProcess(first, { ...options, args });
  }

  function checkHealth(): number | null {
    const env = { PORT: sandbox.craiEnv["PORT"] };
    return spawnSync(node, healthcheck.slice(1), { env }).status;
  }

  test("runs as a number that is not root, what the Dockerfile copies, and nothing made for development", (context) => {
    if (offline !== undefined) return context.skip(offline);

    expect(user).toBeGreaterThan(0);
    expect([program[0], healthcheck[0]]).toEqual(["node", "node"]);
    expect(
      spawnSync("touch", [join(tree, "src/new.ts")], isRoot ? { uid: user, gid: user } : {}).status,
    ).toBe(1);
    expect(developmentPackages().length).toBeGreaterThan(50);
    expect(developmentPackages().filter((path) => existsSync(join(tree, path)))).toEqual([]);
  });

  test("gets ready with a database elsewhere and nothing at all to write to, and ends when told", async (context) => {
    if (offline !== undefined) return context.skip(offline);
    await using database = await createTestDatabase();
    const { url, close } = await relay(database.url);
    await using crai = start({ DATABASE_URL: url });

    expect(checkHealth()).toBe(1);
    await crai.waitFor(/crai is ready/, 90_000);
    await expect.poll(checkHealth, { timeout: 30_000 }).toBe(0);
    crai.signal("SIGTERM");
    expect(await crai.exited).toEqual({ code: 0, signal: null });
    close();
  });

  test("keeps its own database in the data folder, the only one that it can write to", async (context) => {
    if (offline !== undefined) return context.skip(offline);
    const data = temporaryFolder();
    if (isRoot) chownSync(data, user, user);
    chmodSync(data, 0o700);
    await using crai = start({ CRAI_DATA_DIR: data });

    await crai.waitFor(/crai is ready/, 90_000);
    expect(readdirSync(data)).toContain("postgres");
    crai.signal("SIGTERM");
    expect(await crai.exited).toEqual({ code: 0, signal: null });
  });
});

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../../../sandbox/start-sandbox.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a shell that reads crai.env has what the command line needs", async () => {
  const dataDir = temporaryFolder();
  const sandbox = await startSandbox({ port: 0, dataDir, crai: false });
  onTestFinished(() => sandbox.close());

  const { stdout } = spawnSync("sh", ["-c", 'set -a; . "$1"; env', "sh", join(dataDir, "crai.env")], {
    env: { PATH: process.env.PATH },
    encoding: "utf8",
  });

  for (const [name, value] of Object.entries(sandbox.craiEnv)) expect(stdout).toContain(`${name}=${value}\n`);
});

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startProcess } from "./processes.ts";
import { temporaryFolder } from "./temporary-folder.ts";

function script(text: string): string {
  const path = join(temporaryFolder(), "script.ts");
  writeFileSync(path, text);
  return path;
}

function isAlive(pid: number): boolean {
  // A zombie takes signals, but its program is gone.
  if (process.platform === "linux") return existsSync(`/proc/${pid}/exe`);
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a test waits for what a process says, and learns from its output when it says something else", async () => {
  await using child = startProcess(
    script(
      `console.log("ready on port 4711"); setTimeout(() => { console.error("no disk"); process.exit(3); }, 100);`,
    ),
  );
  const [, port] = await child.waitFor(/port (\d+)/);
  expect(port).toBe("4711");
  await expect(child.waitFor(/never said/)).rejects.toThrow(/before it ended(.|\n)*no disk/);
  expect(await child.exited).toEqual({ code: 3, signal: null });
});

test("a process sees no variable of the developer's own environment", async () => {
  process.env["DATABASE_URL_OF_MINE"] = "secret";
  await using child = startProcess(script(`console.log(JSON.stringify(process.env));`), {
    env: { GIVEN: "1" },
  });
  await child.exited;
  expect(Object.keys(JSON.parse(child.output())).sort()).toEqual(["GIVEN", "PATH"]);
});

test("kill takes the children along", async () => {
  const child = startProcess(
    script(`
      import { spawn } from "node:child_process";
      console.log("child " + spawn("sleep", ["600"]).pid);
    `),
  );
  const [, grandchild] = await child.waitFor(/child (\d+)/);
  await child.kill();
  await expect.poll(() => isAlive(Number(grandchild))).toBe(false);
});

test("nothing stays behind when the tests themselves are killed: no server, no process, no data", async () => {
  await using tests = startProcess(new URL("killed-test.ts", import.meta.url));
  const { folder, server, child } = JSON.parse((await tests.waitFor(/\{.*\}/))[0]);
  expect([server, child].map(isAlive)).toEqual([true, true]);
  await tests.kill();
  await expect.poll(() => [server, child].map(isAlive), { timeout: 20_000 }).toEqual([false, false]);
  await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
});

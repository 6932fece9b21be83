import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another sandbox works in the folder. */
export class FolderInUse extends Error {
  override name = "FolderInUse";
}

interface Holder {
  pid: number;
  url: string;
}

/**
 * Takes the folder for this process; the answer gives it back. A lock left by a dead sandbox is taken over: what
 * counts is whether its process still lives and its port still answers as a sandbox.
 * @throws {FolderInUse}
 */
export async function lockFolder(folder: string, url: string): Promise<() => void> {
  const file = join(folder, "sandbox.lock");
  const mine = JSON.stringify({ pid: process.pid, url } satisfies Holder);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, mine, { flag: "wx" });
      return () => release(file, mine);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = read(file);
    if (holder && isAlive(holder.pid) && (await isSandbox(holder))) {
      throw new FolderInUse(`A sandbox already works in ${folder}: ${holder.url} (process ${holder.pid}).`);
    }
    rmSync(file, { force: true });
  }
  throw new FolderInUse(`Another sandbox is just starting in ${folder}.`);
}

function release(file: string, mine: string): void {
  try {
    if (readFileSync(file, "utf8") === mine) rmSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function read(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    // Half written by a sandbox that died: nobody's.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The process id may have gone to another program since. */
async function isSandbox(holder: Holder): Promise<boolean> {
  if (holder.pid === process.pid) return true;
  try {
    const response = await fetch(`${holder.url}/sandbox`, { signal: AbortSignal.timeout(2_000) });
    const { pid } = (await response.json()) as { pid?: number };
    return pid === holder.pid;
  } catch {
    return false;
  }
}

import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Process, Program } from "./process.ts";
import { onShare } from "./volumes.ts";

/** Programs for files on the container's shares, with the few options that are asked of them. */
export const filePrograms: Record<string, Program> = { df, find, grep, mv, rm, tail };

function missing({ argv, err }: Process, name: string, code = 1): number {
  err(`${argv[0]}: ${name}: No such file or directory\n`);
  return code;
}

/** What `find FOLDER -maxdepth 1 -type f -exec stat -c FORMAT {} +` prints; it knows no other way to be called. */
async function find(process: Process): Promise<number> {
  const [, folder = ".", ...rest] = process.argv;
  const format = rest[rest.indexOf("-c") + 1] ?? "";
  const known = ["-maxdepth", "1", "-type", "f", "-exec", "stat", "-c", format, "{}", "+"];
  if (rest.join("\0") !== known.join("\0")) {
    process.err(
      `find: unknown predicate \`${rest.find((word) => !known.includes(word)) ?? rest[0] ?? ""}'\n`,
    );
    return 1;
  }
  const host = await onShare(process, folder);
  const entries = host === undefined ? undefined : entriesOf(host);
  if (host === undefined || entries === undefined) return missing(process, `'${folder}'`);
  for (const name of entries) {
    const { size, mtimeMs } = statSync(join(host, name));
    const values: Record<string, string> = {
      "%s": String(size),
      "%Y": String(Math.floor(mtimeMs / 1000)),
      "%n": `${folder.replace(/\/+$/, "")}/${name}`,
    };
    process.out(`${format.replaceAll(/%[sYn]/g, (key) => values[key]!)}\n`);
  }
  return 0;
}

function entriesOf(folder: string): string[] | undefined {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  } catch {
    return undefined;
  }
}

/** `df -Pk PATH…`: of a share, what this machine has room for. */
async function df(process: Process): Promise<number> {
  process.out("Filesystem 1024-blocks Used Available Capacity Mounted on\n");
  for (const path of process.argv.slice(1).filter((word) => !word.startsWith("-"))) {
    const share = await onShare(process, path);
    const root = share ?? (await process.system.shares?.()) ?? "/";
    const { bsize, blocks, bavail } = statfsSync(root);
    const total = Math.floor((blocks * bsize) / 1024);
    const free = Math.floor((process.system.freeBytes?.() ?? bavail * bsize) / 1024);
    const used = Math.max(0, total - free);
    const share100 = `${total === 0 ? 0 : Math.ceil((used / total) * 100)}%`;
    const device = share === undefined ? "overlay" : "backups:/share";
    process.out([device, total, used, free, share100, share === undefined ? "/" : path].join(" ") + "\n");
  }
  return 0;
}

async function tail(process: Process): Promise<number> {
  const [, option, count, name = ""] = process.argv;
  const text = await textOf(process, name);
  if (option !== "-n" || text === undefined) return missing(process, `cannot open '${name}' for reading`);
  const ended = text.endsWith("\n") ? text.slice(0, -1) : text;
  process.out(`${ended.split("\n").slice(-Number(count)).join("\n")}\n`);
  return 0;
}

/** `grep -c -E -e PATTERN FILE`: 0 when a line matches, 1 when none does, 2 when there is no such file. */
async function grep(process: Process): Promise<number> {
  const [, , , , pattern = "", name = ""] = process.argv;
  const text = await textOf(process, name);
  if (text === undefined) return missing(process, name, 2);
  const matching = new RegExp(pattern);
  const count = text.split("\n").filter((line) => matching.test(line)).length;
  process.out(`${count}\n`);
  return count > 0 ? 0 : 1;
}

async function textOf(process: Process, name: string): Promise<string | undefined> {
  const host = await onShare(process, name);
  try {
    return host === undefined ? undefined : readFileSync(host, "utf8");
  } catch {
    return undefined;
  }
}

async function mv(process: Process): Promise<number> {
  const [from = "", to = ""] = process.argv.slice(1).filter((word) => !word.startsWith("-"));
  const [source, target] = [await onShare(process, from), await onShare(process, to)];
  if (source === undefined || target === undefined) return missing(process, `cannot stat '${from}'`);
  try {
    closeSync(openSync(source, "r"));
  } catch {
    return missing(process, `cannot stat '${from}'`);
  }
  renameSync(source, target);
  return 0;
}

async function rm(process: Process): Promise<number> {
  for (const name of process.argv.slice(1).filter((word) => !word.startsWith("-"))) {
    const host = await onShare(process, name);
    if (host !== undefined) rmSync(host, { force: true });
  }
  return 0;
}

import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** What PostgreSQL writes about itself into its data folder. */
export interface PidFile {
  /** undefined: the file is empty or torn, as a power cut leaves it. */
  pid: number | undefined;
  socketDir: string;
  status: string;
}

/** undefined: no server runs here, and the last one ended in order. */
export function readPidFile(cluster: string): PidFile | undefined {
  const text = readIfThere(join(cluster, "postmaster.pid"));
  if (text === undefined) return undefined;
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  const socketDir = lines[4] ?? "";
  return {
    pid: Number.isInteger(pid) && pid > 0 ? pid : undefined,
    socketDir: socketDir === "." ? cluster : socketDir,
    status: lines[7] ?? "",
  };
}

/** Name the server carries on its command line, so that its process can be told from one that got its number later. */
export function clusterName(cluster: string): string {
  // The inode stays the same when the folder is moved or is mounted elsewhere.
  return `crai-${statSync(cluster, { bigint: true }).ino}`;
}

/** False for a process that has ended, a zombie (no command line), and a stranger. */
export function isPostmaster(pid: number, name: string): boolean {
  return commandLine(pid).some((word) => word === `cluster_name=${name}`);
}

function commandLine(pid: number): string[] {
  if (process.platform === "linux") return (readIfThere(`/proc/${pid}/cmdline`) ?? "").split("\0");
  try {
    return execFileSync("/bin/ps", ["-ww", "-o", "command=", "-p", `${pid}`], { encoding: "utf8" }).split(
      /\s+/,
    );
  } catch {
    // ps ends with 1 when there is no such process.
    return [];
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // ESRCH: the process ended between the opening and the reading of its file.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

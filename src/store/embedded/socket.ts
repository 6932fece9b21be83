import { chownSync, lstatSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Setup } from "./cluster.ts";
import { readPidFile } from "./postmaster.ts";

/** Bytes of a socket's path: 108 on Linux, 104 on macOS, with the closing zero. */
const longestPath = 103;

const socketName = ".s.PGSQL.5432";
const prefix = "crai-pg-";

/**
 * The data folder itself (mode 0700, and it stays where it is), or a new private folder in the temporary one when the
 * path is too long or the file system holds no sockets, as some folders shared with a virtual machine.
 */
export async function chooseSocketDir({ folder, account }: Setup): Promise<string> {
  const path = join(folder.cluster, socketName);
  if (Buffer.byteLength(path) <= longestPath && (await canListen(join(folder.cluster, ".s.try"))))
    return folder.cluster;

  const last = readPidFile(folder.cluster)?.socketDir ?? "";
  // The same folder again, so that connection pools find the new server.
  if (isPrivateTo(last, account.uid)) return last;
  const parent = tmpdir().length < 60 ? tmpdir() : "/tmp";
  const made = mkdtempSync(join(parent, prefix));
  if (account.switched) chownSync(made, account.uid, account.gid);
  return made;
}

export function removeSocketDir(socketDir: string, cluster: string): void {
  if (socketDir !== cluster) rmSync(socketDir, { recursive: true, force: true });
}

/** Whoever owned the folder could stand in for the server. */
function isPrivateTo(path: string, uid: number): boolean {
  const found = path.includes(prefix) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
  return found !== undefined && found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0;
}

function canListen(path: string): Promise<boolean> {
  rmSync(path, { force: true });
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(path, () => server.close(() => resolve(true)));
  });
}

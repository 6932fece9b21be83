import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const isRoot = process.getuid!() === 0;

/** Whether root's tests may run this command as the account. */
export function mayRun(uid: number, command: string, ...args: string[]): boolean {
  return isRoot && spawnSync(command, args, { uid, gid: uid }).status === 0;
}

/** Whether the account can reach our scripts and our Node: not when the checkout lies in a folder of mode 0700. */
export function checkoutIsOpenTo(uid: number): boolean {
  const script = fileURLToPath(import.meta.url);
  return mayRun(uid, "test", "-r", script) && mayRun(uid, "test", "-x", process.execPath);
}

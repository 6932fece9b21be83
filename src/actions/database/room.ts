import { z } from "zod";
import type { Warning } from "../../domain/plan.ts";
import { bytesText } from "../diagnose/texts.ts";
import { type DatabaseServer, lookMs, query, refusedBy } from "./server.ts";

interface Filesystem {
  /** The device and where it is mounted: the same for two folders on one. */
  name: string;
  freeBytes: number;
}

export interface Room {
  /** Bytes of the database in force now. */
  size: number;
  /** One line for each filesystem that is needed. */
  text: string;
  warnings: Warning[];
}

async function filesystems(server: DatabaseServer, folders: readonly string[]): Promise<Filesystem[]> {
  const ended = await server.run(["df", "-Pk", ...folders], lookMs);
  if (ended.code !== 0) throw refusedBy(server, "df", ended);
  return ended.stdout
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [device = "", , , free = "", , ...mount] = line.trim().split(/\s+/);
      return { name: `${device} ${mount.join(" ")}`, freeBytes: Number(free) * 1024 };
    });
}

/**
 * Whether two copies have room: the safety backup where the backups are, the restored database where the data is. Each
 * is reckoned as large as the database is now.
 */
export async function roomFor(server: DatabaseServer): Promise<Room> {
  const { name, backups, data } = server.settings;
  const [row] = await query(
    server,
    `select pg_database_size('${name}') as size`,
    z.object({ size: z.number() }),
  );
  const size = row?.size ?? 0;
  const [forBackup, forData] = await filesystems(server, [backups, data]);
  if (forBackup === undefined || forData === undefined)
    return { size, text: "df does not tell what is free", warnings: [] };
  const shared = forBackup.name === forData.name;
  const needs = shared
    ? [{ folder: `${backups} and ${data}`, free: forData.freeBytes, need: 2 * size }]
    : [
        { folder: backups, free: forBackup.freeBytes, need: size },
        { folder: data, free: forData.freeBytes, need: size },
      ];
  return {
    size,
    text: needs
      .map(({ folder, free, need }) => `${bytesText(need)} needed of ${bytesText(free)} free in ${folder}`)
      .join(", "),
    warnings: needs
      .filter(({ free, need }) => free < need)
      .map(({ folder, free, need }) => ({
        level: "block",
        text: `There is no room for the copies: ${folder} has ${bytesText(free)} free, and ${bytesText(need)} are needed.`,
        next: "Make room there, or enlarge the volume. Nothing was touched.",
      })),
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { UserError } from "../domain/errors.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { bytesText } from "./diagnose/texts.ts";
import { backupPath, listBackups, readBackup } from "./database/backups.ts";
import { chosenIn, namesOf } from "./database/chosen.ts";
import { kubectlExec } from "./database/kubectl.ts";
import {
  callsTo,
  complaint,
  databaseSettings,
  type DatabaseServer,
  lookMs,
  query,
  serverOf,
} from "./database/server.ts";

type SaveState = { nonce: string; file: string };

/** ms that pg_dump may take. */
const dumpMs = 6 * 3_600_000;
/** ms between two looks at a pg_dump that a crai before this one has started. */
const lookEveryMs = 2000;

function programName(nonce: string): string {
  return `crai_save_${nonce}`;
}

/** A pg_dump goes on in its pod when crai is gone. */
async function untilOver(server: DatabaseServer, nonce: string): Promise<void> {
  const sql = `select pid from pg_stat_activity where application_name = '${programName(nonce)}'`;
  while ((await query(server, sql, z.object({ pid: z.number() }), { database: "postgres" })).length > 0)
    await sleep(lookEveryMs);
}

function argvOf(
  { settings: { name, user } }: Pick<DatabaseServer, "settings">,
  nonce: string,
  path: string,
): string[] {
  return [
    "pg_dump",
    "--format=custom",
    "--no-password",
    `--username=${user}`,
    `--file=${path}`,
    `--dbname=dbname=${name} application_name=${programName(nonce)}`,
  ];
}

/** Its name until it is known to be whole: nothing takes such a file for a backup. */
function partial(file: string): string {
  return `${file}.partial`;
}

async function isWhole(server: DatabaseServer, file: string): Promise<boolean> {
  const backup = { file, format: "custom" as const, bytes: 1 };
  return (await readBackup(server, backup, { whole: true, timeoutMs: dumpMs })).broken === null;
}

/** Takes a backup of the database in force, before anything is done to it. */
export const databaseSave = defineAction<Record<string, never>, SaveState>({
  name: "database-save",
  params: z.strictObject({}),
  permission: "database:restore",

  async plan(_, context) {
    const settings = databaseSettings(context);
    const { nonce } = chosenIn(context);
    const { safety: file } = namesOf(settings.name, nonce);
    return {
      title: `back ${settings.name} up as ${file}`,
      calls: callsTo(context),
      facts: [{ label: "Safety backup", value: `${settings.backups}/${file}` }],
      diff: null,
      kubectl: [kubectlExec(context, argvOf({ settings }, nonce, `${settings.backups}/${file}`))],
      warnings: [],
      fingerprint: digest(settings.name),
      inverse: null,
      passing: true,
      state: { nonce, file },
    };
  },

  async apply({ nonce, file }, context) {
    const server = await serverOf(context);
    await untilOver(server, nonce);
    const [path, whole] = [backupPath(server, partial(file)), backupPath(server, file)];
    if (!(await isWhole(server, partial(file)))) {
      const ended = await server.run(argvOf(server, nonce, path), dumpMs);
      if (ended.code !== 0 || !(await isWhole(server, partial(file)))) {
        await server.run(["rm", "-f", path], lookMs);
        throw new UserError(`No backup could be taken first: ${complaint(ended)}.`, {
          why: "Without one nothing else is done. The database in force is as it was.",
          next: "Put right what pg_dump names, then plan again.",
        });
      }
    }
    await server.run(["mv", "-f", path, whole], lookMs);
  },

  async observe({ file }, context) {
    const found = (await listBackups(await serverOf(context))).find((one) => one.file === file);
    if (found !== undefined)
      return {
        state: "done",
        evidence: [{ what: `${file} (${bytesText(found.bytes)}) was taken and read to its end`, ok: true }],
      };
    if (context.inHand?.acted() === true) return { state: "failed", detail: `${file} is gone`, evidence: [] };
    return { state: "pending", detail: `${file} is not there yet` };
  },
});

import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { backupPath } from "./database/backups.ts";
import { type Chosen, chosenIn, namesOf } from "./database/chosen.ts";
import { databasesNamed } from "./database/databases.ts";
import { kubectlExec } from "./database/kubectl.ts";
import { creationOf, propertiesOf } from "./database/properties.ts";
import {
  callsTo,
  command,
  complaint,
  databaseSettings,
  type DatabaseServer,
  query,
  serverOf,
} from "./database/server.ts";

type LoadState = { chosen: Chosen };

/** ms that a restore may take. */
const restoreMs = 12 * 3_600_000;
/** ms between two looks at a restore that a crai before this one has started. */
const lookEveryMs = 2000;

function noteOf({ file, endedAt }: Chosen): string {
  return `crai: restored from ${file} of ${endedAt}`;
}

/** All or nothing, and it stops at the first error; no data passes through a shell or through crai. */
function argvOf(
  { settings: { name, user, backups } }: Pick<DatabaseServer, "settings">,
  chosen: Chosen,
): string[] {
  const { fresh } = namesOf(name, chosen.nonce);
  const path = `${backups}/${chosen.file}`;
  return chosen.format === "custom"
    ? [
        "pg_restore",
        "--single-transaction",
        "--exit-on-error",
        "--no-password",
        `--username=${user}`,
        `--dbname=dbname=${fresh} application_name=crai_load_${chosen.nonce}`,
        path,
      ]
    : [
        "psql",
        "-X",
        "-q",
        "--set",
        "ON_ERROR_STOP=1",
        "--single-transaction",
        "--no-password",
        "-U",
        user,
        "-d",
        fresh,
        `--file=${path}`,
      ];
}

async function hasTables(server: DatabaseServer, database: string): Promise<boolean> {
  const sql =
    "select count(*) as count from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')";
  const [row] = await query(server, sql, z.object({ count: z.number() }), { database });
  return (row?.count ?? 0) > 0;
}

/**
 * Whether a crai before this one has got through with the restore. Its pg_restore goes on in the pod; as it is one
 * transaction, any table means all of them. What is empty is dropped: by its name it is this plan's own.
 */
async function leftByOther(server: DatabaseServer, fresh: string): Promise<boolean> {
  for (;;) {
    const found = (await databasesNamed(server, [fresh])).get(fresh);
    if (found === undefined) return false;
    if (found.sessions === 0) break;
    await sleep(lookEveryMs);
  }
  if (await hasTables(server, fresh)) return true;
  await command(server, `drop database ${fresh}`);
  return false;
}

async function restore(server: DatabaseServer, chosen: Chosen, fresh: string): Promise<void> {
  const { name } = server.settings;
  await command(server, await creationOf(server, name, fresh));
  const properties = await propertiesOf(server, name, fresh);
  if (properties.length > 0) await command(server, properties.join(";\n"));
  const ended = await server.run(argvOf(server, chosen), restoreMs);
  if (ended.code === 0) return;
  await command(server, `drop database if exists ${fresh} with (force)`);
  throw new UserError(`${backupPath(server, chosen.file)} could not be restored: ${complaint(ended)}.`, {
    why: `${name} was not touched and stays in force; the half-made copy was dropped.`,
    next: "Choose another backup.",
  });
}

/** Restores the chosen backup into a database of its own, beside the one in force. */
export const databaseLoad = defineAction<Record<string, never>, LoadState>({
  name: "database-load",
  params: z.strictObject({}),
  permission: "database:restore",

  async plan(_, context) {
    const settings = databaseSettings(context);
    const chosen = chosenIn(context);
    const { fresh } = namesOf(settings.name, chosen.nonce);
    return {
      title: `restore ${chosen.file} into ${fresh}`,
      calls: callsTo(context),
      facts: [
        { label: "Restored into", value: `${fresh}, beside ${settings.name}, which goes on being used` },
      ],
      diff: null,
      kubectl: [
        kubectlExec(context, ["createdb", "-U", settings.user, "--template=template0", fresh]),
        kubectlExec(context, argvOf({ settings }, chosen)),
      ],
      warnings: [],
      fingerprint: digest([settings.name, chosen.file]),
      inverse: null,
      passing: true,
      state: { chosen },
    };
  },

  async apply({ chosen }, context) {
    const server = await serverOf(context);
    const { fresh } = namesOf(server.settings.name, chosen.nonce);
    if (!(await leftByOther(server, fresh))) await restore(server, chosen, fresh);
    const { user } = server.settings;
    // Without statistics its first queries would be slow, just when everybody comes back.
    await server.run(["psql", "-X", "-q", "-U", user, "-d", fresh, "-c", "analyze"], restoreMs);
    await command(server, `comment on database ${fresh} is '${noteOf(chosen)}'`);
  },

  async observe({ chosen }, context) {
    const server = await serverOf(context);
    const { fresh } = namesOf(server.settings.name, chosen.nonce);
    const found = (await databasesNamed(server, [fresh])).get(fresh);
    if (found?.note === noteOf(chosen))
      return { state: "done", evidence: [{ what: `${chosen.file} is restored in ${fresh}`, ok: true }] };
    if (context.inHand?.acted() === true)
      return { state: "failed", detail: `${fresh} is gone: somebody dropped it`, evidence: [] };
    return { state: "pending", detail: `${chosen.file} is not restored yet` };
  },
});

import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { chosenIn, namesOf } from "./database/chosen.ts";
import { databasesNamed } from "./database/databases.ts";
import { kubectlExec } from "./database/kubectl.ts";
import { callsTo, command, databaseSettings, serverOf } from "./database/server.ts";

type DiscardState = { fresh: string };

/** Drops what `database-load` restored, where it was not put in force. By its name it is this plan's own. */
export const databaseDiscard = defineAction<Record<string, never>, DiscardState>({
  name: "database-discard",
  params: z.strictObject({}),
  permission: "database:restore",

  async plan(_, context) {
    const { name, user } = databaseSettings(context);
    const { fresh } = namesOf(name, chosenIn(context).nonce);
    return {
      title: `drop ${fresh}`,
      calls: callsTo(context),
      facts: [],
      diff: null,
      kubectl: [kubectlExec(context, ["dropdb", "-U", user, fresh])],
      warnings: [],
      fingerprint: digest(name),
      inverse: null,
      passing: true,
      state: { fresh },
    };
  },

  async apply({ fresh }, context) {
    await command(await serverOf(context), `drop database if exists ${fresh} with (force)`);
  },

  async observe({ fresh }, context) {
    if ((await databasesNamed(await serverOf(context), [fresh])).has(fresh))
      return { state: "pending", detail: `${fresh} is still there` };
    return { state: "done", evidence: [{ what: `${fresh} is dropped`, ok: true }] };
  },
});

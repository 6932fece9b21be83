import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { kubectlExec } from "./database/kubectl.ts";
import { callsTo, databaseSettings, serverOf } from "./database/server.ts";
import { factsOf } from "./database/tables.ts";

const mostNamed = 12;

/** Whether the database in force answers, with the rows of every table. */
export const databaseRows = defineAction<Record<string, never>, { name: string }>({
  name: "database-rows",
  params: z.strictObject({}),
  permission: "workload:read",

  async plan(_, context) {
    const { name, user, rows } = databaseSettings(context);
    const [table = "…"] = Object.keys(rows);
    const count = `select count(*) from ${table}`;
    return {
      title: `rows of ${name}`,
      calls: callsTo(context),
      facts: [],
      diff: null,
      kubectl: [kubectlExec(context, ["psql", "-U", user, "-d", name, "-c", count])],
      warnings: [],
      fingerprint: digest(name),
      inverse: null,
      state: { name },
    };
  },

  async observe({ name }, context) {
    const { rows, notValid } = await factsOf(await serverOf(context), name);
    if (rows.size === 0) return { state: "failed", detail: `${name} has no tables`, evidence: [] };
    const texts = [...rows]
      .slice(0, mostNamed)
      .map(([table, count]) => `${table.replace(/^public\./, "")} ${count}`);
    return {
      state: "done",
      evidence: [
        { what: `${name} answers, with ${texts.join(", ")} rows`, ok: true },
        ...(notValid.length === 0
          ? []
          : [{ what: `Not valid: ${notValid.slice(0, 3).join("; ")}`, ok: null }]),
      ],
      values: { rows: Object.fromEntries(rows) },
    };
  },
});

import { z } from "zod";
import { isUserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Evidence } from "../domain/timeline.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { chosenIn, namesOf } from "./database/chosen.ts";
import { kubectlExec } from "./database/kubectl.ts";
import { callsTo, databaseSettings, type DatabaseServer, serverOf } from "./database/server.ts";
import { type DatabaseFacts, factsOf } from "./database/tables.ts";

type CompareState = { fresh: string };

/** Tables that a sentence names; of more, only how many they are. */
const mostNamed = 12;

function short(table: string): string {
  return table.replace(/^public\./, "");
}

/** Every table whose rows differ, as `applications 500 → 486`. */
function changes(before: DatabaseFacts, after: DatabaseFacts): string[] {
  return [...new Set([...before.rows.keys(), ...after.rows.keys()])].flatMap((table) => {
    const [was, is] = [before.rows.get(table), after.rows.get(table)];
    if (was === is) return [];
    return [`${short(table)} ${was ?? "absent"} → ${is ?? "absent"}`];
  });
}

function summaryOf(before: DatabaseFacts | null, after: DatabaseFacts): string {
  if (before === null)
    return [...after.rows]
      .slice(0, mostNamed)
      .map(([table, rows]) => `${short(table)} ${rows}`)
      .join(", ");
  const changed = changes(before, after);
  if (changed.length === 0) return "all tables have as many rows as now";
  const more = changed.length > mostNamed ? ` and ${changed.length - mostNamed} more tables` : "";
  return `${changed.slice(0, mostNamed).join(", ")}${more}`;
}

/** What a person would not want to find out after the swap. */
function troubles(before: DatabaseFacts | null, after: DatabaseFacts): string[] {
  if (after.rows.size === 0) return ["it has no tables"];
  const found = [
    ...after.notValid.filter((what) => before?.constraints.has(what) !== true),
    ...after.brokenIndexes.map((index) => `the index ${index} is not valid`),
  ];
  for (const constraint of before?.constraints ?? []) {
    const [table = ""] = constraint.split(": ");
    const there = [...after.rows.keys()].some((name) => short(name) === table || name === table);
    if (there && !after.constraints.has(constraint)) found.push(`the constraint ${constraint} is missing`);
  }
  return found;
}

/** The one in force may be damaged: that is why another one is restored. */
async function inForce(server: DatabaseServer): Promise<DatabaseFacts | string> {
  try {
    return await factsOf(server, server.settings.name);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return error.message;
  }
}

/** Holds the restored database to the one in force: rows of every table, constraints, indexes. */
export const databaseCompare = defineAction<Record<string, never>, CompareState>({
  name: "database-compare",
  params: z.strictObject({}),
  permission: "workload:read",
  prepares: true,

  async plan(_, context) {
    const { name } = databaseSettings(context);
    const { fresh } = namesOf(name, chosenIn(context).nonce);
    return {
      title: `count the rows of ${fresh} and check its constraints`,
      calls: callsTo(context),
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest(name),
      inverse: null,
      state: { fresh },
    };
  },

  async observe({ fresh }, context) {
    const server = await serverOf(context);
    const after = await factsOf(server, fresh);
    const before = await inForce(server);
    const known = typeof before === "string" ? null : before;
    const summary = summaryOf(known, after);
    const wrong = troubles(known, after);
    const drop = kubectlExec(context, ["dropdb", "-U", server.settings.user, fresh]);
    const evidence: Evidence[] = [
      { what: `Rows now → in the backup: ${summary}`, ok: after.rows.size > 0 },
      ...(typeof before === "string"
        ? [{ what: `The database in force could not be counted: ${before}`, ok: null }]
        : []),
      ...(wrong.length === 0
        ? [{ what: `${after.constraints.size} constraints are there and valid`, ok: true }]
        : wrong.slice(0, mostNamed).map((what) => ({ what, ok: false }))),
    ];
    if (wrong.length > 0) {
      const detail = `${fresh} is not sound: ${wrong.slice(0, 3).join("; ")}. ${server.settings.name} was not touched and stays in force; the copy is left to be looked at, and \`${drop}\` drops it`;
      return { state: "failed", detail, evidence };
    }
    evidence.push({
      what: `The restored copy stays until it is swapped in or dropped: \`${drop}\``,
      ok: null,
    });
    return { state: "done", evidence, values: { summary, rows: Object.fromEntries(after.rows) } };
  },
});

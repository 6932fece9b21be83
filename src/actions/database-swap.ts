import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { UserError } from "../domain/errors.ts";
import { digest } from "../domain/hash.ts";
import type { Warning } from "../domain/plan.ts";
import { type ActionContext, defineAction } from "../engine/playbooks/action.ts";
import { chosenIn, choosing, namesOf } from "./database/chosen.ts";
import { databasesNamed, type FoundDatabase, sessionsIn } from "./database/databases.ts";
import { kubectlExec } from "./database/kubectl.ts";
import { callsTo, command, databaseSettings, type DatabaseServer, serverOf } from "./database/server.ts";

const Name = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const Params = z.strictObject({
  put: Name.nullable().default(null).describe("the database to put in force; default: the restored one"),
  keep: Name.nullable().default(null).describe("what the one in force is called afterwards"),
});

type SwapState = { live: string; put: string; keep: string };

/** ms that whoever is still at work has to end. */
const workMs = 30_000;
const lookEveryMs = 1000;
const swapMs = 60_000;

type Stand = "before" | "after" | { other: string };

/** Which of the two names stands for what, told by which databases exist. */
function standOf({ live, put, keep }: SwapState, found: ReadonlyMap<string, FoundDatabase>): Stand {
  const there = [live, put, keep].map((name) => found.has(name));
  if (there[0] === true && there[1] === true && there[2] === false) return "before";
  if (there[0] === true && there[1] === false && there[2] === true) return "after";
  const names = [...found.keys()];
  return {
    other: `Of ${live}, ${put} and ${keep} there ${names.length === 1 ? "is" : "are"} ${names.join(" and ") || "none"}`,
  };
}

/** All in one transaction: there is never a moment without a database of that name. */
function statements(
  { live, put, keep }: SwapState,
  found: ReadonlyMap<string, FoundDatabase>,
  at: string,
): string[] {
  const ends = `select pg_terminate_backend(pid) from pg_stat_activity where datname in ('${live}', '${put}') and backend_type = 'client backend' and pid <> pg_backend_pid()`;
  return [
    ends,
    `alter database ${live} rename to ${keep}`,
    `alter database ${put} with allow_connections true`,
    `alter database ${put} rename to ${live}`,
    // Nobody writes into it by mistake.
    `alter database ${keep} with allow_connections false`,
    ...(found.get(live)?.note == null ? [`comment on database ${keep} is 'crai: in force until ${at}'`] : []),
  ];
}

/** Whoever still works on it keeps the database in force: what they do is not to be cut off. */
async function untilNobodyWorks(server: DatabaseServer, { live }: SwapState): Promise<void> {
  let working: string[] = [];
  for (let waited = 0; waited <= workMs; waited += lookEveryMs) {
    ({ working } = await sessionsIn(server, live));
    if (working.length === 0) return;
    await sleep(lookEveryMs);
  }
  throw new UserError(`${live} is still being worked on: ${working.join(", ")}.`, {
    why: `They were given ${workMs / 1000} s to end. The databases were not swapped; ${live} stays in force as it was.`,
    next: "Stop them too (a scheduled job, a person with psql), then plan again.",
  });
}

/** Names as a plan or an undo gives them. */
function stateOf({ put, keep }: z.infer<typeof Params>, context: ActionContext): SwapState {
  const { name: live } = databaseSettings(context);
  if (put !== null && keep !== null) return { live, put, keep };
  const { fresh, kept } = namesOf(live, chosenIn(context).nonce);
  return { live, put: put ?? fresh, keep: keep ?? kept };
}

/** Of a swap back: whether both databases are still what they were. */
async function objections(state: SwapState, context: ActionContext): Promise<Warning[]> {
  // What is put in force is made by a step before this one.
  if (context.before.some(({ action }) => action === choosing)) return [];
  const server = await serverOf(context);
  const stand = standOf(state, await databasesNamed(server, Object.values(state)));
  if (stand === "before")
    return [
      {
        level: "warn",
        text: `What was written to ${state.live} since the swap goes out of force with it, and stays in ${state.keep}.`,
      },
    ];
  const text = stand === "after" ? `${state.put} is in force already` : stand.other;
  return [{ level: "block", text: `${text}.`, next: "Look at the databases with `psql -l` first." }];
}

/** Puts another database in force under the name that the apps use, and keeps the one before. */
export const databaseSwap = defineAction<z.infer<typeof Params>, SwapState>({
  name: "database-swap",
  params: Params,
  permission: "database:restore",

  async plan(params, context) {
    const state = stateOf(params, context);
    const { live, put, keep } = state;
    const { user } = databaseSettings(context);
    const sql = [`alter database ${live} rename to ${keep}`, `alter database ${put} rename to ${live}`].join(
      "; ",
    );
    return {
      title: `put ${params.put ?? chosenIn(context).file} in force as ${live}`,
      calls: callsTo(context),
      facts: [{ label: "Kept", value: `the database in force, as ${keep}` }],
      diff: null,
      kubectl: [kubectlExec(context, ["psql", "-U", user, "-d", "postgres", "-c", sql])],
      warnings: await objections(state, context),
      fingerprint: digest([live, params]),
      inverse: {
        action: "database-swap",
        title: `Put ${keep} in force again as ${live}`,
        with: { put: keep, keep: put },
      },
      state,
    };
  },

  async apply(state, context) {
    const server = await serverOf(context);
    await untilNobodyWorks(server, state);
    const found = await databasesNamed(server, Object.values(state));
    // Swapped by a call whose answer never came.
    if (standOf(state, found) === "after") return;
    await command(server, statements(state, found, context.now().toISOString()).join(";\n"), swapMs);
  },

  async observe(state, context) {
    const { live, put, keep } = state;
    const server = await serverOf(context);
    const stand = standOf(state, await databasesNamed(server, Object.values(state)));
    if (stand === "before") return { state: "pending", detail: `${put} is not in force yet` };
    if (stand !== "after") return { state: "diverged", detail: stand.other };
    const { user } = server.settings;
    const drop = kubectlExec(context, ["dropdb", "-U", user, keep]);
    return {
      state: "done",
      evidence: [
        { what: `${put} is in force as ${live}`, ok: true },
        {
          what: `The one before is kept as ${keep}, closed to connections. When nobody needs it: ${drop}`,
          ok: true,
        },
      ],
    };
  },
});

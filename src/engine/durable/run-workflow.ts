import { DBOS } from "@dbos-inc/dbos-sdk";
import { sql } from "kysely";
import type { Logger } from "pino";
import type { Queries } from "../../store/database.ts";
import { unfinishedRunsOf } from "../../store/runs.ts";
import type { Runs } from "../runs/runs.ts";

const QUEUE = "runs";
/** A changed interpreter is registered under a new name beside this one: runs in flight end with the one they began with. */
const WORKFLOW = "run.v1";

/** ms between two looks for runs that nobody carries out any more. */
const LOOK_EVERY = 5000;
/** DBOS' states of a workflow that is carried out, or will be. */
const underWay: ReadonlySet<string> = new Set(["ENQUEUED", "DELAYED", "PENDING"]);

/** The workflow is a registered function and cannot be handed its dependencies; they are set once, before launch. */
let engine: Pick<Runs, "begin" | "carryOut" | "finish" | "abandon"> | undefined;

/** A step is repeated when the database was away; what it had done already it finds in the rows and in the world. */
const retried = { retriesAllowed: true, maxAttempts: 5, intervalSeconds: 1, backoffRate: 2 } as const;

async function carryOutRun(run: number): Promise<void> {
  const runs = engine;
  if (!runs) throw new Error("The durable engine was not started");
  try {
    await DBOS.runStep(() => runs.begin(run), { name: "begin", ...retried });
    // Which of its steps come next hangs on which ended first, and would be another order when replayed: the run's own
    // rows say what is done. Each step is tried again by itself, so that a long run outlives many short troubles.
    await DBOS.runStep(() => runs.carryOut(run), { name: "steps" });
    await DBOS.runStep(() => runs.finish(run), { name: "finish", ...retried });
  } catch (error) {
    // Nobody may wait for ever on a run that broke: it ends as unknown, with a reference, and gives its locks back.
    await DBOS.runStep(() => runs.abandon(run, error), { name: "abandon", ...retried });
  }
}

DBOS.registerWorkflow(carryOutRun, { name: WORKFLOW, maxRecoveryAttempts: 20 });

export interface Durable {
  /** Forgets the workflows that ended before this; runs and their steps stay in our own tables. Returns how many. */
  forget: (before: Date) => Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts the engine on the same database and goes on with every run that was cut off. Only one `serve` owns a database
 * (an advisory lock), so the executor has one constant name and takes its own work up again at once.
 */
export async function startDurable({
  db,
  url,
  runs,
  log,
}: {
  db: Queries;
  url: string;
  runs: NonNullable<typeof engine>;
  log: Logger;
}): Promise<Durable> {
  engine = runs;
  await prepareDurable(url, log);
  await DBOS.registerQueue(QUEUE, { minPollingIntervalMs: 50, workerConcurrency: 200 });
  const timer = setInterval(() => {
    endStranded(db, runs).catch((err: unknown) => log.error({ err }, "stranded runs not looked for"));
  }, LOOK_EVERY);
  return {
    forget,
    async stop() {
      clearInterval(timer);
      await DBOS.shutdown();
      await forgiveRestarts(db);
      engine = undefined;
    },
  };
}

/**
 * Ends the runs whose workflow will not go on: it was cut off by a crash too often, or it broke and its end could not be
 * stored. They would hold their locks for ever.
 */
async function endStranded(db: Queries, runs: Pick<Runs, "abandon">): Promise<void> {
  const numbers = (await unfinishedRunsOf(db, "serve")).map(({ number }) => number);
  if (numbers.length === 0) return;
  const workflows = await DBOS.listWorkflows({ workflowIDs: numbers.map(workflowId) });
  const status = new Map(workflows.map((workflow) => [workflow.workflowID, workflow.status]));
  for (const number of numbers) {
    const state = status.get(workflowId(number)) ?? "gone";
    if (!underWay.has(state)) await runs.abandon(number, new Error(`Its workflow is ${state}`));
  }
}

/**
 * A crash that a run itself may have caused is counted against it; a clean stop is not, or a checklist that is open for
 * weeks would be given up after so many releases of crai.
 */
async function forgiveRestarts(db: Queries): Promise<void> {
  await sql`update dbos.workflow_status set recovery_attempts = 0 where status = 'PENDING'`.execute(db);
}

/** Workflows that one call deletes. */
const BATCH = 500;

async function forget(before: Date): Promise<number> {
  const ended = await DBOS.listWorkflows({
    completedBefore: before.toISOString(),
    status: ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
    limit: BATCH,
    loadInput: false,
    loadOutput: false,
  });
  if (ended.length === 0) return 0;
  await DBOS.deleteWorkflows(ended.map(({ workflowID }) => workflowID));
  return ended.length + (await forget(before));
}

function workflowId(run: number): string {
  return `run-${run}`;
}

/** Launching creates DBOS' own tables where they are missing. */
async function prepareDurable(url: string, log: Logger): Promise<void> {
  const child = log.child({ part: "dbos" });
  DBOS.setConfig({
    name: "crai",
    systemDatabaseUrl: url,
    systemDatabasePoolSize: 10,
    // DBOS would set it by a query that overlaps the connection's first one: pg warns of that now and refuses it in 9.
    // What it guards against, a frozen process that keeps a transaction open, ends with our ownership of the database.
    systemDatabaseIdleTransactionTimeoutMs: 0,
    // The default is a hash of the workflow's source: a changed comment would strand the runs in flight.
    applicationVersion: "1",
    executorID: "serve",
    enablePatching: true,
    logger: {
      info: (entry) => child.debug(String(entry)),
      debug: (entry) => child.trace(String(entry)),
      warn: (entry) => child.warn(String(entry)),
      error: (entry) => child.error({ err: entry }, "durable engine"),
    },
  });
  await DBOS.launch();
}

/** Enqueues a run inside the transaction that decides it: rolled back together, started once. */
export async function enqueueRun(trx: Queries, run: number): Promise<void> {
  await sql`select dbos.enqueue_workflow(${WORKFLOW}, ${QUEUE}, array[${String(run)}::json],
    workflow_id => ${workflowId(run)}, application_name => 'crai')`.execute(trx);
}

import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { commands } from "../../commands/index.ts";
import { sameActor } from "../domain/actor.ts";
import { UserError } from "../domain/errors.ts";
import { planWarnings } from "../domain/plan.ts";
import type { Attachment, View } from "../domain/view.ts";
import { createDispatch } from "../engine/commands/dispatch.ts";
import type { Reply } from "../engine/commands/invocation.ts";
import { parseCommand } from "../engine/commands/parse-command.ts";
import { commandsOf } from "../engine/commands/playbook-command.ts";
import { planNumber } from "../engine/commands/references.ts";
import { successorOf } from "../engine/plans/replacement.ts";
import { isServed } from "../store/owner.ts";
import { planByKey, planByNumber, type StoredPlan } from "../store/plans.ts";
import { runOfPlan } from "../store/runs.ts";
import type { Row } from "../store/tables.ts";
import type { Options } from "./arguments.ts";
import { awaitAnswer, carryOutHere, follow, type Progress } from "./carry-out.ts";
import type { Session } from "./session.ts";

/** Where the answer goes: standard output, or one JSON document there at the end. */
export interface Screen {
  view(view: View, reply?: Pick<Reply, "trouble">): void;
  /** A file's content, when no file was named for it. */
  content(bytes: Buffer): void;
  /** One line. */
  say: (text: string) => void;
  /** Asks yes or no; false where nobody can be asked. */
  interactive: boolean;
}

/** What a command came to, for `--json` and the exit code. */
export interface Result {
  trouble: Reply["trouble"];
  view: View;
  details: View | undefined;
  plan: { number: number; status: string; why: string | null } | null;
  run: { number: number; outcome: string | null; verdict: string | null; detail: string | null } | null;
}

interface Job {
  session: Session;
  options: Options;
  screen: Screen;
  progress: Progress;
}

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  lines.on("SIGINT", () => left.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: left.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    // Ctrl-C is a no.
    if (left.signal.aborted) return false;
    throw error;
  } finally {
    lines.close();
  }
}

async function give({ session: { uses, actor, now, log } }: Job, id: string, text: string): Promise<Reply> {
  const dispatch = createDispatch({ commands, uses, now, log });
  const place = { surface: "cli", channel: null, thread: null, responseUrl: null } as const;
  return dispatch({ id, text, actor, place, at: now() });
}

function bytesOf({ content, encoding }: Attachment): Buffer {
  return Buffer.from(content, encoding);
}

function show({ options, screen }: Job, reply: Reply): void {
  const [file, ...others] = reply.attachments ?? [];
  if (file !== undefined && options.out === null) return screen.content(bytesOf(file));
  screen.view(reply.view, reply);
  if (reply.details !== undefined) screen.view(reply.details);
  if (file === undefined || options.out === null) return;
  try {
    writeFileSync(options.out, bytesOf(file));
    for (const other of others) writeFileSync(join(dirname(options.out), other.filename), bytesOf(other));
  } catch (cause) {
    throw new UserError(`${options.out} could not be written.`, {
      why: cause instanceof Error ? cause.message : String(cause),
      next: "It is on the timeline that it was exported; export it again to another file.",
      cause,
    });
  }
  screen.say(`Written to ${options.out}`);
}

/** The plan that a command brought about, if any: a new one, or the one that took the place of the answered one. */
async function planOf({ uses: { db } }: Session, id: string, answered: number | null) {
  const made = await planByKey(db, id);
  if (made !== undefined || answered === null) return made;
  let stored = await planByNumber(db, answered);
  for (let next = stored; next !== undefined; next = await successorOf(db, next)) stored = next;
  return stored;
}

/** The requester's yes, given at once, asked for, or left for later. */
async function confirmOwn(job: Job, stored: StoredPlan): Promise<void> {
  const { options, screen } = job;
  const yes = options.yes || (screen.interactive && (await confirm(`Carry P${stored.number} out now?`)));
  if (!yes) return screen.say(`Nothing has been touched. Next: crai approve P${stored.number}`);
  const reply = await give(job, `cli:${randomUUID()}`, `approve P${stored.number}`);
  if (reply.trouble !== undefined || reply.to !== "said") screen.view(reply.view, reply);
}

async function waitForOther(job: Job, stored: StoredPlan): Promise<void> {
  const { session, options, screen, progress } = job;
  const name = `P${stored.number}`;
  screen.say(
    `${name} needs the yes of a second person: Approve in Slack, \`/crai approve ${name}\`, or \`crai approve ${name}\`.`,
  );
  if (!options.wait) return screen.say(`Nothing has been touched. Cancel it with: crai deny ${name}`);
  screen.say(`Waiting until ${stored.expiresAt.toISOString().slice(11, 19)} UTC…`);
  const answered = await awaitAnswer(session, stored, progress);
  if (answered.status === "waiting") screen.say(`${name} still waits. Cancel it with: crai deny ${name}`);
  else if (answered.status !== "started") screen.say(`${name} is ${answered.status}: ${answered.why ?? ""}`);
}

/** Who has to say yes to one's own waiting plan, and getting it. */
async function getYes(job: Job, stored: StoredPlan): Promise<void> {
  const { uses, actor } = job.session;
  if (stored.status !== "waiting" || !sameActor(stored.plan.actor, actor)) return;
  if (planWarnings(stored.plan).some(({ level }) => level === "block")) return;
  const need = await uses.approvals.need(stored.plan, stored.askedAt);
  await (need.who === "requester" ? confirmOwn(job, stored) : waitForOther(job, stored));
}

/** The run of a plan that was started: here, in another terminal, or by `serve`. */
async function seeThrough(job: Job, stored: StoredPlan): Promise<Row<"run"> | null> {
  const { session, screen, progress } = job;
  const { db } = session.uses;
  const run = await runOfPlan(db, stored.number);
  if (!run) return null;
  const own = sameActor(stored.plan.actor, session.actor);
  if (run.executor === "cli" && own && (await session.terminal.hold(stored.number)))
    return carryOutHere(session, stored, progress);
  if (run.executor === "serve" && !(await isServed(db))) {
    screen.say(`R${run.number} begins as soon as crai serves this database again.`);
    return run;
  }
  return follow(session, stored, progress);
}

/** Gives one command as every other surface does, then sees what it started through. */
export async function runCommand(job: Job, text: string): Promise<Result> {
  const { session } = job;
  const { command, args } = parseCommand(text, commandsOf(commands, session.uses.playbooks()));
  const id = `cli:${randomUUID()}`;
  const reply = await give(job, id, text);
  show(job, reply);
  const result = { trouble: reply.trouble, view: reply.view, details: reply.details };
  if (reply.trouble !== undefined) return { ...result, plan: null, run: null };
  const answered = command.name === "approve" ? planNumber(args["plan"]) : null;
  const stored = await planOf(session, id, answered);
  if (!stored) return { ...result, plan: null, run: null };
  await getYes(job, stored);
  const settled = (await planByNumber(session.uses.db, stored.number)) ?? stored;
  const run = await seeThrough(job, settled);
  return {
    ...result,
    plan: { number: settled.number, status: settled.status, why: settled.why },
    run: run && { number: run.number, outcome: run.outcome, verdict: run.verdict, detail: run.detail },
  };
}

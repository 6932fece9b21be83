import { setTimeout } from "node:timers/promises";
import type { Person } from "../../src/domain/actor.ts";
import { isUserError } from "../../src/domain/errors.ts";
import { planWarnings } from "../../src/domain/plan.ts";
import type { PlaybookTest } from "../../src/domain/playbook.ts";
import type { Database } from "../../src/store/database.ts";
import type { StoredPlan } from "../../src/store/plans.ts";
import { runByNumber, stepsOf } from "../../src/store/runs.ts";
import type { Row } from "../../src/store/tables.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { people, type Person as Seeded } from "../seed.ts";

interface Crai extends Engine {
  db: Database;
}

function personOf(name: string): Person {
  const found = (people as Readonly<Record<string, Seeded>>)[name];
  if (!found) throw new Error(`there is nobody called ${name}; there are ${Object.keys(people).join(", ")}`);
  return { kind: "person", id: found.slack, name: found.name };
}

/** Whoever says yes to what this person may not say yes to alone. */
function secondPerson(name: string): Person {
  return personOf(name === "alex" ? "robin" : "alex");
}

function missing(what: string, wanted: string | undefined, text: string): string[] {
  if (wanted === undefined || text.toLowerCase().includes(wanted.toLowerCase())) return [];
  return [`${what} should say "${wanted}"; it says "${text}"`];
}

function planProblems({ expect }: PlaybookTest, { plan }: StoredPlan): string[] {
  const warnings = planWarnings(plan);
  const blocks = warnings.filter(({ level }) => level === "block").map(({ text }) => text);
  const steps = plan.steps.map(({ id }) => id);
  const all = warnings.map(({ text }) => text).join(" ");
  const isOther = expect.steps !== undefined && JSON.stringify(expect.steps) !== JSON.stringify(steps);
  return [
    ...missing("the title", expect.title, plan.title),
    ...missing("what blocks it", expect.blocked, blocks.join(" ")),
    ...(expect.warnings ?? []).flatMap((warning) => missing("a warning", warning, all)),
    ...(isOther ? [`its steps are ${steps.join(", ")}`] : []),
  ];
}

/** Says what the test has people say, whenever a step asks it. */
async function answer(crai: Crai, test: PlaybookTest, run: number): Promise<void> {
  const open = (await stepsOf(crai.db, run)).filter(({ phase }) => phase !== "finished");
  for (const { step, document } of open) {
    const given = test.answers[step];
    if (given === undefined) continue;
    const actor = document.action === "approval" ? secondPerson(test.as) : personOf(test.as);
    const { items } = (document.state ?? {}) as { items?: unknown[] };
    for (const item of items === undefined ? [null] : items.map((_, index) => String(index + 1)))
      await crai.runs
        .answer({
          run,
          step,
          item,
          text: typeof given === "string" ? given : JSON.stringify(given),
          note: null,
          actor,
        })
        // It was said the last time, or the step has ended meanwhile.
        .catch((error: unknown) => {
          if (!isUserError(error)) throw error;
        });
  }
}

async function carryOut(crai: Crai, test: PlaybookTest, stored: StoredPlan): Promise<Row<"run">> {
  const { approvals } = crai.uses;
  const need = await approvals.need(stored.plan, null);
  const others = ["alex", "robin", "sasha"].filter((name) => name !== test.as).map(personOf);
  const yeses = need.who === "requester" ? [personOf(test.as)] : others.slice(0, stored.plan.approvals);
  let run = 0;
  for (const actor of yeses) {
    const yes = { plan: stored.number, actor, reason: null, breakGlass: false, channel: null };
    const decision = await approvals.approve({ ...yes, cause: `test:${stored.number}:${actor.id}` });
    if (decision.result === "started") run = decision.run.number;
    else if (actor === yeses.at(-1)) throw new Error(`its plan was ${decision.result}`);
  }
  await crai.runs.begin(run);
  const ended = new AbortController();
  const carriedOut = crai.runs.carryOut(run).finally(() => ended.abort());
  while (!ended.signal.aborted) {
    await answer(crai, test, run);
    await setTimeout(100, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  await carriedOut;
  await crai.runs.finish(run);
  return (await runByNumber(crai.db, run))!;
}

/** Plans, and carries out where an end is expected. Returns what is not as expected; nothing: all is. */
export async function runTest(crai: Crai, playbook: string, test: PlaybookTest): Promise<string[]> {
  const { expect } = test;
  let stored: StoredPlan;
  try {
    stored = await crai.uses.planner.make({
      playbook,
      app: null,
      environment: null,
      inputs: test.inputs,
      actor: personOf(test.as),
      incident: null,
      reason: null,
      channel: null,
      key: `test:${playbook}:${test.name}`,
    });
  } catch (error) {
    if (!isUserError(error)) throw error;
    const said = `${error.message} ${error.why}`;
    return expect.refused === undefined
      ? [`it was refused: ${said}`]
      : missing("the refusal", expect.refused, said);
  }
  if (expect.refused !== undefined) return [`it was planned: ${stored.plan.title}`];
  const problems = planProblems(test, stored);
  if ((expect.outcome ?? expect.verdict) === undefined) return problems;
  const run = await carryOut(crai, test, stored);
  const ended = `${run.outcome}${run.verdict === null ? "" : `, ${run.verdict}`}: ${run.detail ?? ""}`;
  if (expect.outcome !== undefined && expect.outcome !== run.outcome) problems.push(`its run ended ${ended}`);
  if (expect.verdict !== undefined && expect.verdict !== run.verdict)
    problems.push(`its verdict is ${run.verdict}; it ended ${ended}`);
  return problems;
}

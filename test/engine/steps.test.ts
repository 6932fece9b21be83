import { expect, test, vi } from "vitest";
import { stepsOf, runByNumber } from "../../src/store/runs.ts";
import { readStream } from "../../src/store/timeline.ts";
import { people } from "../../sandbox/seed.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { actorOf, alex, type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

const noor = actorOf(people.noor);

/** A playbook of these steps that looks or asks, and changes nothing. */
function playbook(steps: string, more: { name?: string; inputs?: string; head?: string } = {}): string {
  const { name = "steps", inputs = "{ app: { type: app, required: true, description: The app } }" } = more;
  return `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: ${name}
  version: 1
  title: Steps
  owner: DevOps Team
  runbook: [Rollback Procedures]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs: ${inputs}
permission: workload:read
permissions: [run:answer]
risk: observe
${more.head ?? ""}
steps:
${steps}
`;
}

async function started({ uses }: Engine, inputs = {}, name = "steps"): Promise<number> {
  const plan = await uses.planner.make({
    playbook: name,
    app: "api",
    environment: null,
    inputs,
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: `slash:${name}`,
  });
  const decision = await uses.approvals.approve({
    plan: plan.number,
    actor: robin,
    reason: null,
    breakGlass: false,
    cause: "press:1",
    channel: null,
  });
  if (decision.result !== "started") throw new Error(`It was ${decision.result}`);
  return decision.run.number;
}

async function carryOut({ runs }: Engine, run: number): Promise<void> {
  await runs.begin(run);
  await runs.carryOut(run);
  await runs.finish(run);
}

/** `id outcome`, in the order of the plan. */
async function outcomes({ db }: EngineWorld, run: number): Promise<string[]> {
  return (await stepsOf(db, run)).map(({ step, outcome }) => `${step} ${outcome}`);
}

async function waiting({ db }: EngineWorld, run: number, step: string): Promise<void> {
  await vi.waitFor(async () => {
    const row = (await stepsOf(db, run)).find((one) => one.step === step);
    expect(row?.phase).toBe("intended");
  });
}

function say(run: number, step: string, text: string, more = {}) {
  return { run, step, item: null, text, note: null, actor: robin, ...more };
}

const ask = `
  - id: color
    ask: { question: Which color?, options: [red, green] }
`;

test("a step whose condition over an earlier answer is false is skipped, the other is carried out", async () => {
  const world = await startEngineWorld({
    playbooks: {
      steps: playbook(`${ask}
  - id: stop
    when: steps.color.answer == "red"
    ask: { question: Really?, options: [yes_, no_] }
  - id: go
    needs: [color]
    when: steps.color.answer == "green"
    ask: { question: "You said \${{ steps.color.answer }}, how often?", answer: { type: int, min: 1, max: 3 } }
`),
    },
  });
  const crai = await world.process();
  const run = await started(crai);
  const running = carryOut(crai, run);
  await waiting(world, run, "color");
  await crai.runs.answer(say(run, "color", "GREEN"));
  await waiting(world, run, "go");
  await expect(crai.runs.answer(say(run, "go", "4"))).rejects.toThrow("is no value");
  await crai.runs.answer(say(run, "go", "2"));
  await running;
  expect(await outcomes(world, run)).toEqual(["color succeeded", "stop skipped", "go succeeded"]);
  const go = (await stepsOf(world.db, run)).at(-1);
  expect(go).toMatchObject({ found: { answer: 2 }, document: { title: "ask: You said green, how often?" } });
  expect(go?.evidence[0]?.what).toMatch(/^You said green, how often\?: 2, Robin/);
});

test("steps that need nothing of each other run side by side, and the next waits for both", async () => {
  const world = await startEngineWorld({
    playbooks: {
      steps: playbook(`
  - id: both
    parallel:
      - { id: one, ask: { question: One?, options: [a, b] } }
      - { id: two, ask: { question: Two?, options: [a, b] } }
  - { id: after, ask: { question: After?, options: [a, b] } }
`),
    },
  });
  const crai = await world.process();
  const run = await started(crai);
  const running = carryOut(crai, run);
  await waiting(world, run, "one");
  await waiting(world, run, "two");
  await crai.runs.answer(say(run, "two", "a"));
  await expect(crai.runs.answer(say(run, "after", "a"))).rejects.toThrow("asks nothing as");
  await crai.runs.answer(say(run, "one", "b"));
  await waiting(world, run, "after");
  await crai.runs.answer(say(run, "after", "a"));
  await running;
  expect(await runByNumber(world.db, run)).toMatchObject({ outcome: "succeeded" });
});

test("a checklist keeps each tick with who and when, across a crash, and one that is not so fails it", async () => {
  const world = await startEngineWorld({
    playbooks: {
      steps: playbook(`
  - id: before
    title: Before the release
    checklist: { items: [{ text: Backups are there }, { text: Secrets rotated, owner: Security }] }
`),
    },
  });
  const killed = await world.process();
  const run = await started(killed);
  // Nobody ever awaits it: its process is dead, and a ghost's finding changes nothing.
  const ghost = carryOut(killed, run);
  await waiting(world, run, "before");
  await killed.runs.answer(say(run, "before", "so", { item: "1" }));
  const restarted = await world.process();
  const running = carryOut(restarted, run);
  await restarted.runs.answer(say(run, "before", "failed", { item: "2", actor: alex, note: "since May" }));
  await expect(restarted.runs.answer(say(run, "before", "so", { item: "2" }))).rejects.toThrow("already");
  await Promise.all([running, ghost]);
  const [row] = await stepsOf(world.db, run);
  expect(row?.outcome).toBe("failed");
  expect(row?.evidence.map(({ what, ok }) => [what.replace(/ at .* UTC/, ""), ok])).toEqual([
    ["Backups are there: yes, Robin", true],
    ["Secrets rotated: no, Alex (since May)", false],
  ]);
  const facts = (await readStream(world.db, "plan:1")).map(({ fact }) => fact);
  expect(facts.filter(({ kind }) => kind === "step.answered")).toEqual([
    expect.objectContaining({ title: "Backups are there", answer: "yes" }),
    expect.objectContaining({ title: "Secrets rotated", answer: "no", note: "since May" }),
  ]);
});

test("an approval in the middle of a run is never the requester's own, and a no ends the run", async () => {
  const world = await startEngineWorld({
    playbooks: {
      steps: playbook(`
  - { id: go, approval: { question: Swap the databases? } }
  - { id: after, ask: { question: After?, options: [a, b] } }
`),
    },
  });
  const crai = await world.process();
  const run = await started(crai);
  const running = carryOut(crai, run);
  await waiting(world, run, "go");
  await expect(crai.runs.answer(say(run, "go", "yes"))).rejects.toThrow("Somebody else");
  await expect(crai.runs.answer(say(run, "go", "yes", { actor: noor }))).rejects.toThrow("may not");
  await crai.runs.answer(say(run, "go", "no", { actor: alex }));
  await running;
  expect(await outcomes(world, run)).toEqual(["go failed"]);
});

test("for_each makes a step for each value, and a call takes the other playbook's steps in", async () => {
  const inner = playbook(
    `
  - { id: ask, ask: { question: "About \${{ inputs.color }}?", options: [a, b] } }
`,
    {
      name: "inner",
      inputs: "{ color: { type: enum, values: [red, green], required: true, description: C } }",
    },
  );
  const world = await startEngineWorld({
    playbooks: {
      inner,
      steps: playbook(
        `
  - id: each
    for_each: \${{ inputs.colors }}
    call: inner
    with: { color: "\${{ item }}" }
  - id: sum
    when: steps.each.items.all(i, i.answer == "a")
    ask: { question: Sum?, options: [a, b] }
`,
        {
          inputs:
            "{ app: { type: app, required: true, description: A }, colors: { type: enum, list: true, values: [red, green], description: C } }",
        },
      ),
    },
  });
  const crai = await world.process();
  const run = await started(crai, { colors: "red,green" });
  const running = carryOut(crai, run);
  for (const step of ["each.1/ask", "each.2/ask"]) {
    await waiting(world, run, step);
    await crai.runs.answer(say(run, step, "a"));
  }
  await waiting(world, run, "sum");
  await crai.runs.answer(say(run, "sum", "b"));
  await running;
  expect((await stepsOf(world.db, run)).map(({ document }) => document.title)).toEqual([
    "ask: About red?",
    "ask: About green?",
    "ask: Sum?",
  ]);
});

test("an input that is no value of its type is refused, and says what it must be", async () => {
  const world = await startEngineWorld({
    playbooks: {
      steps: playbook(ask, {
        inputs:
          "{ app: { type: app, required: true, description: A }, n: { type: int, min: 2, max: 5, description: N } }",
      }),
    },
  });
  const { uses } = await world.process();
  const make = (inputs: Record<string, string>) =>
    uses.planner.make({
      playbook: "steps",
      app: "api",
      environment: null,
      inputs,
      actor: robin,
      incident: null,
      reason: null,
      channel: null,
      key: JSON.stringify(inputs),
    });
  await expect(make({ n: "6" })).rejects.toMatchObject({ why: "It must be a whole number from 2 to 5." });
  await expect(make({ m: "6" })).rejects.toThrow('no input "m"');
  expect((await make({ n: "4" })).plan.inputs).toEqual({ app: "api", n: 4 });
});

test("a run that is stopped while it asks ends as stopped", async () => {
  const world = await startEngineWorld({ playbooks: { steps: playbook(ask) } });
  const crai = await world.process();
  const run = await started(crai);
  const running = carryOut(crai, run);
  await waiting(world, run, "color");
  await crai.runs.stop(run, robin, null);
  await running;
  expect(await outcomes(world, run)).toEqual(["color stopped"]);
});

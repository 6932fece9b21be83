import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { actions } from "../../../src/actions/index.ts";
import { takenNames } from "../../../src/engine/commands/playbook-command.ts";
import { loadPlaybooks } from "../../../src/engine/playbooks/load-playbooks.ts";
import { indexActions } from "../../../src/engine/playbooks/loaded.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Problems of these files as `file:line message`; none: they load. */
function problemsOf(files: Record<string, string>): string[] {
  const folder = temporaryFolder();
  for (const [name, yaml] of Object.entries(files)) writeFileSync(join(folder, `${name}.yaml`), yaml);
  try {
    loadPlaybooks(folder, indexActions(actions), takenNames(commands));
    return [];
  } catch (error) {
    const { why } = error as { why: string };
    return why.split("\n").map((line) => line.replace(`${folder}/`, "").replace(/^(\S+:\d+):\d+/, "$1"));
  }
}

/** Fifteen lines, then the rest from line 16 on. */
function playbook(name: string, rest: string, { permissions = "[workload:read]", risk = "reversible" } = {}) {
  return `apiVersion: crai/v1
kind: Playbook
metadata:
  name: ${name}
  version: 1
  title: A title
  owner: DevOps Team
  runbook: []
  reviewed: 2026-11-22
  nextReview: 2027-02-22
permission: rollout:undo
permissions: ${permissions}
risk: ${risk}
inputs:
  app: { type: app, required: true, description: The app }
${rest}`;
}

test("everything that is wrong is said at once, each with its line, also beside what the schema refuses", () => {
  const problems = problemsOf({
    bad: playbook(
      "bad",
      `  why: { type: text, description: Why }
  reason: { type: text, description: Why }
  n: { type: int, default: 9, max: 5, description: A number }
  e: { type: enum, description: One of them }
steps:
  - id: a
    action: rollout-undo
    with: { to: "\${{ inputs.why }}", from: 3 }
  - id: b
    needs: [c]
    action: rollout-wait
  - id: c
    when: "false"
    ask: { question: "\${{ inputs.dry-run }}", options: [a, b] }
  - id: d
    call: nobody
    timeout: 3m
  - id: e
    colour: red
  - id: f
    needs: [e]
    action: http-check
    with: { tries: 99 }
  - id: f
    action: rollout-redo
verify:
  - id: v
    action: rollout-restart
`,
    ),
  });
  const expected: [number, string][] = [
    [17, "every command has --reason already"],
    [18, "It must be a whole number of at most 5."],
    [19, "an enum needs `values`"],
    [23, "inputs.why is free text, which may not reach a parameter of an action"],
    [23, "steps.0.with.from: it takes to"],
    [25, "c does not come before b: a cycle, or write it above"],
    [28, "it is never true: the step cannot be reached"],
    [29, 'in "inputs.dry-run": there is no inputs.dry'],
    [32, "write it at the steps that are in the call"],
    [33, "this is none"],
    [34, 'Unrecognized key: "colour"'],
    [38, "expected number to be <=10"],
    [39, "two steps are named f"],
    [40, 'there is no action "rollout-redo"'],
    [43, '"rollout-restart" changes things; verify may only look'],
  ];
  for (const [line, message] of expected)
    expect(problems.filter((problem) => problem.startsWith(`bad.yaml:${line} `)).join("\n")).toContain(
      message,
    );
  expect(new Set(problems.map((problem) => problem.split(" ")[0])).size).toBe(expected.length - 1);
});

test.each([
  [
    "a step that is not over by then",
    'when: steps.b.outcome == "failed"',
    "b is no step that has ended by then",
  ],
  ["a step that there is not", "when: steps.x.answer == 1", "x is no step that has ended by then"],
  ["all of the inputs", "when: inputs.size() > 1", "not all of them"],
  ["something unheard of", "when: cluster.name == 'a'", "there is no cluster"],
  ["an item outside for_each", "when: item == 'a'", "known only in a step with for_each"],
  ["nothing that is CEL", "when: inputs.app ==", "no valid CEL"],
])("a condition may not name %s", (_, condition, message) => {
  const steps = `steps:
  - id: a
    ${condition}
    action: rollout-undo
  - id: b
    action: rollout-wait
`;
  expect(problemsOf({ one: playbook("one", steps) }).join()).toContain(message);
});

test("what changes something is planned before anybody says yes, so its parameters cannot hang on the run", () => {
  const steps = `steps:
  - id: which
    ask: { question: Which?, answer: { type: int } }
  - id: undo
    action: rollout-undo
    with: { to: "\${{ steps.which.answer }}" }
`;
  expect(problemsOf({ one: playbook("one", steps) })).toEqual([
    expect.stringMatching(/^one\.yaml:21 .*`steps` is known only when the run gets there/),
  ]);
});

test("a free answer reaches no parameter of an action", () => {
  const steps = `steps:
  - id: which
    ask: { question: Which?, answer: { type: text } }
  - id: check
    action: http-check
    with: { tries: "\${{ steps.which.answer }}" }
`;
  expect(problemsOf({ one: playbook("one", steps) }).join()).toContain("the answer to which is free text");
});

test("a step that needs a permission which the playbook does not name is refused", () => {
  const steps = "steps:\n  - { id: wait, action: rollout-wait }\n";
  expect(problemsOf({ one: playbook("one", steps, { permissions: "[]" }) }).join()).toContain(
    '"rollout-wait" needs workload:read',
  );
});

test("a playbook of risk observe may not change anything", () => {
  const steps = "steps:\n  - { id: undo, action: rollout-undo }\n";
  expect(problemsOf({ one: playbook("one", steps, { risk: "observe" }) }).join()).toContain("may only look");
});

test("calls that come back to themselves, or to nobody, are refused with their lines", () => {
  const calling = (name: string, to: string): string =>
    playbook(name, `steps:\n  - id: go\n    call: ${to}\n`);
  expect(problemsOf({ a: calling("a", "b"), b: calling("b", "c"), c: calling("c", "a") })).toEqual([
    "a.yaml:18 steps.0.call: it calls itself: a → b → c → a",
    "b.yaml:18 steps.0.call: it calls itself: b → c → a → b",
    "c.yaml:18 steps.0.call: it calls itself: c → a → b → c",
  ]);
  expect(problemsOf({ a: calling("a", "x") }).join()).toContain(
    'a.yaml:18 steps.0.call: there is no playbook "x"',
  );
});

test("cycles are named too while another file is wrong", () => {
  const calling = (name: string, to: string): string =>
    playbook(name, `steps:\n  - id: go\n    call: ${to}\n`);
  const files = { a: calling("a", "b"), b: calling("b", "a"), c: calling("c", "bad"), bad: "kind: Playbook" };
  const problems = problemsOf(files);
  expect(problems).toContain("a.yaml:18 steps.0.call: it calls itself: a → b → a");
  expect(problems.filter((problem) => problem.startsWith("c.yaml"))).toEqual([]);
  expect(problems.some((problem) => problem.startsWith("bad.yaml:1 "))).toBe(true);
});

test.each([
  ["a choice that the input does not have", 'inputs.kind == "helth"', true],
  ["choices that exclude each other", 'inputs.kind == "health" && inputs.kind == "load"', true],
  ["a choice", 'inputs.kind == "health"', false],
  ["what may be left out", "inputs.deep == null", false],
  ["a yes or no that may be left out", "inputs.deep == true && inputs.kind != null", false],
  ["what can be anything", 'inputs.note == "helth"', false],
])("a step behind %s is reachable or refused", (_, condition, refused) => {
  const rest = `  kind: { type: enum, values: [health, load], required: true, description: K }
  deep: { type: boolean, description: D }
  note: { type: text, description: N }
steps:
  - id: a
    when: ${condition}
    action: rollout-undo
`;
  const never = "one.yaml:21 steps.0.when: it is never true: the step cannot be reached";
  expect(problemsOf({ one: playbook("one", rest) })).toEqual(refused ? [never] : []);
});

test("a call gives the other playbook what it needs, and nothing it does not know", () => {
  const inner = playbook(
    "inner",
    "  tag: { type: image-tag, required: true, description: T }\nsteps:\n  - { id: wait, action: rollout-wait }\n",
  );
  const outer = playbook("outer", "steps:\n  - id: go\n    call: inner\n    with: { tog: v1 }\n");
  const problems = problemsOf({ inner, outer }).join("\n");
  expect(problems).toContain("outer.yaml:18 steps.0.call: inner needs the input tag");
  expect(problems).toContain("outer.yaml:19 steps.0.with.tog: inner has no input tog");
});

test("what needs a second person's yes is not started by an alert, and --env names nothing but an environment", () => {
  const rest = `  env: { type: name, description: A name }
on_alert: { mode: auto }
steps:
  - { id: a, action: rollout-undo }
`;
  expect(problemsOf({ auto: playbook("auto", rest, { risk: "guarded" }) })).toEqual([
    "auto.yaml:16 inputs.env: --env always names an environment",
    "auto.yaml:17 on_alert.mode: what needs the yes of a second person is not started by an alert: propose it",
  ]);
});

test("a playbook that a command of crai's own would hide is named by its line, unless that command starts it", () => {
  const rest = `command: { summary: Does it }
steps:
  - { id: a, action: rollout-undo }
`;
  expect(problemsOf({ mine: playbook("status", rest), other: playbook("rollback", rest) })).toEqual([
    'mine.yaml:4 metadata.name: "status" is a command of crai\'s own, which would hide it: give it another name',
  ]);
  expect(problemsOf({ called: playbook("status", rest.replace(/^command.*\n/, "")) })).toEqual([]);
});

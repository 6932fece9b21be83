import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { permissions } from "../../src/domain/access.ts";
import { parseCommand } from "../../src/engine/commands/parse-command.ts";

/** Why these may be given by anybody. */
const withoutPermission: Record<string, string> = {
  approve: "who may say yes hangs on the plan, and the approval decides it",
  deny: "a requester may always cancel; the approval decides about everybody else",
  answer: "whose answer counts hangs on the step, and the run decides it",
  tick: "whose tick counts hangs on the step, and the run decides it",
  help: "it lists only what the asker may do",
  whoami: "everybody may know what they may do",
};

test("no two commands have one name", () => {
  const names = commands.map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
});

test("the commands people know are all there", () => {
  const names =
    "declare docs help rollback undo status history runs stop approve deny answer tick locks incident ack mitigate resolve reopen note timeline export oncall whoami playbooks doctor metrics dashboard diagnose escalate take preflight maintenance restart";

  expect(commands.map(({ name }) => name).sort()).toEqual(names.split(" ").sort());
});

test.each(commands)(
  "$name says how it is used, needs a known permission, and its examples parse",
  (command) => {
    const { name, usage, summary, examples, permission } = command;

    expect(usage.split(/[ [<]/)[0]).toBe(name);
    expect(summary).not.toBe("");
    expect(permission === null ? withoutPermission[name] : permissions[permission]).toBeTypeOf("string");
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(parseCommand(example, commands).command.name).toBe(name);
  },
);

test.each(commands)("$name has an option for every flag its usage shows", ({ name, usage, flags }) => {
  const shown = [...usage.matchAll(/--([a-z-]+)(?: (?:<|"|[a-z…]))?/g)].map(([, flag]) => flag!);
  const given = shown.map((flag) => (flags[flag]?.type === "boolean" ? `--${flag}` : `--${flag} 1`));

  expect(() => parseCommand([name, ...given].join(" "), commands)).not.toThrow();
});

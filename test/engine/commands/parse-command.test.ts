import { expect, test } from "vitest";
import { rollback } from "../../../commands/rollback.ts";
import { parseCommand } from "../../../src/engine/commands/parse-command.ts";

const surge = { ...rollback, name: "surge", flags: { max_surge: { type: "string" } } } as const;

test.each([
  ["rollback api --to -1", { app: "api", to: "-1" }],
  ["surge api --max_surge -2", { app: "api", max_surge: "-2" }],
])("a negative number after a flag is its value: %s", (text, args) => {
  expect(parseCommand(text, [rollback, surge]).args).toEqual(args);
});

test("a negative number that no flag takes is refused, not dropped", () => {
  expect(() => parseCommand("rollback api --reason=slow -1", [rollback])).toThrow(
    "rollback has no option -1.",
  );
});

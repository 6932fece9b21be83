import { expect, test } from "vitest";
import { actions } from "../../src/actions/index.ts";
import { loadPlaybooks } from "../../src/engine/playbooks/load-playbooks.ts";
import { indexActions } from "../../src/engine/playbooks/loaded.ts";

test("every action has a name of its own", () => {
  expect(indexActions(actions).size).toBe(actions.length);
});

test.each(actions)("$name refuses parameters it does not know", (action) => {
  expect(action.params.safeParse({ whatever: true }).success).toBe(false);
});

test("the rollback playbook undoes, waits, and then checks health and metrics", () => {
  const rollback = loadPlaybooks("playbooks", indexActions(actions)).get("rollback")!;

  expect(rollback.steps.map((step) => step.action)).toEqual(["rollout-undo", "rollout-wait"]);
  expect(rollback.verify.map((step) => step.action)).toEqual(["http-check", "metrics-check"]);
  expect(rollback).toMatchObject({
    permission: "rollout:undo",
    risk: "reversible",
    on_alert: { mode: "propose" },
  });
});

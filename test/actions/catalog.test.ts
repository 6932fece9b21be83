import { expect, test } from "vitest";
import { z } from "zod";
import { actions } from "../../src/actions/index.ts";
import { loadPlaybooks } from "../../src/engine/playbooks/load-playbooks.ts";
import { permissions } from "../../src/domain/access.ts";
import { indexActions } from "../../src/engine/playbooks/loaded.ts";

test("every action has a name of its own", () => {
  expect(indexActions(actions).size).toBe(actions.length);
});

test.each(actions)("$name refuses parameters it does not know", (action) => {
  expect(action.params.safeParse({ whatever: true }).success).toBe(false);
});

test.each(actions)("$name is not half made", (action) => {
  const { people, scope, freeText = [], params } = action;
  const mutates = "apply" in action;

  expect(action.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(Object.keys(permissions)).toContain(action.permission);
  // What puts something back changes something; what people answer does not.
  expect("isHealthier" in action && !mutates).toBe(false);
  expect(people !== undefined && mutates).toBe(false);
  // Only what touches no cluster may go without rights of its own.
  expect(scope === "none" && mutates).toBe(false);
  const known = params instanceof z.ZodObject ? Object.keys(params.shape) : freeText;
  expect(freeText.filter((name) => !known.includes(name))).toEqual([]);
});

test("every playbook that crai brings loads, and says what it is for, when it is due again, and what it is tested by", () => {
  for (const { metadata, command, tests } of loadPlaybooks("playbooks", indexActions(actions)).values()) {
    expect(metadata.nextReview > metadata.reviewed, metadata.name).toBe(true);
    expect(metadata.runbook, metadata.name).not.toEqual([]);
    expect(
      tests.map(({ name }) => name),
      `${metadata.name} has no tests`,
    ).not.toEqual([]);
    expect(command?.summary, metadata.name).not.toBe("");
  }
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

import { array, assert, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { chooseRevision } from "../../src/actions/rollout/choose-revision.ts";
import { templateDigest } from "../../src/domain/pod-template.ts";
import type { KnownHealth } from "../../src/engine/playbooks/action.ts";
import type { Revision } from "../../src/engine/ports.ts";

const target = { cluster: "c", namespace: "n", kind: "deployment", name: "api" } as const;

function revision(number: number, current = false, history = ""): Revision {
  const template = { spec: { containers: [{ name: "api", image: `api:v${number}` }] } };
  return {
    number,
    name: `api-${number}`,
    createdAt: new Date(number),
    template,
    annotations: history === "" ? {} : { "deployment.kubernetes.io/revision-history": history },
    changeCause: null,
    current,
    raw: {},
  };
}

function health(
  marks: Record<number, "healthy" | "bad" | "recovered" | "relapsed">,
): Map<string, KnownHealth> {
  const [early, late] = [new Date("2026-11-01T00:00:00Z"), new Date("2026-11-02T00:00:00Z")];
  const times = {
    healthy: { healthyAt: early, badAt: null },
    bad: { healthyAt: null, badAt: early },
    recovered: { healthyAt: late, badAt: early },
    relapsed: { healthyAt: early, badAt: late },
  };
  return new Map(
    Object.entries(marks).map(([number, mark]) => {
      const template = templateDigest(revision(Number(number)).template);
      return [template, { template, revision: Number(number), badWhy: null, ...times[mark] }];
    }),
  );
}

test.each([
  ["the last healthy one, although a newer one is unrecorded", { 1: "healthy" }, 1, "healthy"],
  ["the newest of two healthy ones", { 1: "healthy", 2: "healthy" }, 2, "healthy"],
  ["one that was bad and then healthy", { 1: "healthy", 3: "recovered" }, 3, "healthy"],
  ["not one that was healthy and then bad", { 2: "healthy", 3: "relapsed" }, 2, "healthy"],
  ["never the current one, however healthy", { 4: "healthy", 2: "healthy" }, 2, "healthy"],
  ["kubectl's previous one when nothing is recorded", {}, 3, "previous"],
  ["the newest that is not known bad when none is healthy", { 3: "bad" }, 2, "not-bad"],
  ["kubectl's previous one when all are known bad", { 1: "bad", 2: "bad", 3: "bad" }, 3, "previous"],
] as const)("without --to it goes to %s", (_, marks, number, why) => {
  const revisions = [revision(1), revision(2), revision(3), revision(4, true)];

  const choice = chooseRevision(null, { revisions, health: health(marks), target });
  expect([choice.revision.number, choice.why]).toEqual([number, why]);
});

test("an exact number is taken before a former one of the same number", () => {
  const revisions = [revision(2), revision(3, false, "1"), revision(5, true, "2,4")];
  const choose = (to: number) => chooseRevision(to, { revisions, health: new Map(), target });

  expect(choose(2)).toMatchObject({ revision: { number: 2 }, why: "asked" });
  expect(choose(1)).toMatchObject({ revision: { number: 3 }, why: "renumbered", asked: 1 });
  expect(choose(4)).toMatchObject({ revision: { number: 5 }, why: "renumbered", asked: 4 });
  expect(() => choose(6)).toThrow("api has no revision 6");
});

/** kubectl's own loop over revisions in any order, from its description. */
function secondHighest(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => b - a);
  return sorted[1]!;
}

test("kubectl's previous revision is the second-highest number, whatever the order and the gaps", () => {
  assert(
    property(array(nat(20), { minLength: 2, maxLength: 8 }), (numbers) => {
      const revisions = numbers.toSorted((a, b) => a - b).map((number) => revision(number));
      const { revision: chosen } = chooseRevision(null, { revisions, health: new Map(), target });

      expect(chosen.number).toBe(secondHighest(numbers));
    }),
  );
});

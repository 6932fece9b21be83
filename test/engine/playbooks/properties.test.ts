import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Playbook } from "../../../src/domain/playbook.ts";
import { type ConcreteStep, expand } from "../../../src/engine/plans/expand.ts";
import { resolve, resolveText } from "../../../src/engine/playbooks/expressions.ts";
import { flatSteps } from "../../../src/engine/playbooks/flat-steps.ts";
import type { LoadedPlaybook } from "../../../src/engine/playbooks/loaded.ts";
import { mentions } from "../../../src/engine/playbooks/references.ts";
import type { Json } from "../../../src/engine/ports.ts";

/** Whatever JSON people and clusters come up with; whole numbers as far as JSON keeps them. */
const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json)
  .filter((value) => !JSON.stringify(value).includes("${{"));

test("a value of nothing but one expression keeps its type, whatever it is", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(resolve("${{ inputs.value }}", { inputs: { value } })).toEqual(value);
      expect(resolve({ a: ["${{ inputs.value }}"] }, { inputs: { value } })).toEqual({ a: [value] });
    }),
  );
});

test("what holds no expression is left as it is", () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(resolve(value, {})).toEqual(value);
    }),
  );
});

test("what an expression yields is never read as an expression again", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom("${{ inputs.secret }}", "${{", "}}", "$&", "$1"),
      (text, trap) => {
        const value = `${text}${trap}${text}`;
        const variables = { inputs: { value, secret: "leaked" } };
        expect(resolve("${{ inputs.value }}", variables)).toBe(value);
        expect(resolveText("a ${{ inputs.value }} b", variables)).toBe(`a ${value} b`);
      },
    ),
  );
});

test("an expression mentions a variable exactly when it reads it", () => {
  const name = fc.constantFrom("inputs", "steps", "app", "item");
  const parts = fc.array(fc.tuple(name, fc.constantFrom(".a == 1", "['b'] != null", ".c.d > 2")), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(parts, name, (all, asked) => {
      const expression = all.map(([root, rest]) => `${root}${rest}`).join(" && ");
      expect(mentions(expression, asked)).toBe(all.some(([root]) => root === asked));
      expect(mentions(`[1].map(${asked}, ${asked} + 1).size() > 0`, asked)).toBe(false);
    }),
  );
});

interface Drawn {
  kind: "single" | "parallel";
  needs: number[] | null;
  when: boolean | null;
  copies: number | null;
}

const drawn: fc.Arbitrary<Drawn[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("single" as const, "parallel" as const),
    needs: fc.option(fc.array(fc.nat(20), { maxLength: 3 })),
    when: fc.option(fc.boolean()),
    copies: fc.option(fc.nat(3)),
  }),
  { minLength: 1, maxLength: 8 },
);

const ask = { question: "?", options: ["a", "b"] };

/** Steps that need earlier ones at random, or the one above; some are left out, some made several times. */
function playbookOf(steps: Drawn[]): LoadedPlaybook {
  const playbook = Playbook.parse({
    apiVersion: "crai/v1",
    kind: "Playbook",
    metadata: {
      name: "drawn",
      version: 1,
      title: "Drawn",
      owner: "Team",
      runbook: [],
      reviewed: "2026-11-22",
      nextReview: "2027-02-22",
    },
    permission: "workload:read",
    risk: "observe",
    steps: steps.map(({ kind, needs, when, copies }, index) => ({
      id: `s${index}`,
      ...(needs !== null && index > 0 && { needs: needs.map((need) => `s${need % index}`) }),
      ...(when !== null && { when: `${when} || app != null && false` }),
      ...(kind === "single"
        ? { ask, ...(copies !== null && { for_each: Array.from({ length: copies }, (_, item) => item) }) }
        : { parallel: ["x", "y"].map((id) => ({ id: `s${index}${id}`, ask })) }),
    })),
  });
  return { ...playbook, file: "drawn.yaml", digest: "", flat: flatSteps(playbook) };
}

function expanded(playbook: LoadedPlaybook): ConcreteStep[] {
  const frame = { inputs: {}, item: null, app: null, environment: null, prefix: "", steps: [] };
  const part = { playbook, frame, needs: [], conditions: [], top: true };
  return expand(part, { apps: {}, playbooks: new Map() });
}

/** Carries them out in any order that their needs allow; how many came to their turn. */
function carriedOut(steps: ConcreteStep[], pick: (ready: ConcreteStep[]) => ConcreteStep): number {
  const done = new Set<string>();
  for (;;) {
    const ready = steps.filter(({ id, needs }) => !done.has(id) && needs.every((need) => done.has(need)));
    if (ready.length === 0) return done.size;
    done.add(pick(ready).id);
  }
}

test("whatever is left out or made several times, every planned step comes to its turn, in whatever order they end", () => {
  fc.assert(
    fc.property(drawn, fc.nat(), (steps, seed) => {
      const all = expanded(playbookOf(steps));
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      const known = new Set<string>();
      for (const { id, needs } of all) {
        // What is planned after it can be shown after it, too.
        expect(needs.filter((need) => !known.has(need))).toEqual([]);
        known.add(id);
      }
      expect(carriedOut(all, (ready) => ready[seed % ready.length]!)).toBe(all.length);
    }),
  );
});

test("a step waits for what stands before one that is left out", () => {
  const steps = [
    { kind: "single", needs: null, when: null, copies: null },
    { kind: "single", needs: null, when: false, copies: null },
    { kind: "single", needs: null, when: null, copies: 0 },
    { kind: "single", needs: null, when: null, copies: null },
  ] as const;
  expect(
    expanded(playbookOf(steps.map((step) => ({ ...step })))).map(({ id, needs }) => [id, needs]),
  ).toEqual([
    ["s0", []],
    ["s3", ["s0"]],
  ]);
});

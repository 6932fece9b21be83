import { z } from "zod";
import { digest } from "../domain/hash.ts";
import { defineAction } from "../engine/playbooks/action.ts";
import { evaluate } from "../engine/playbooks/expressions.ts";
import type { Json } from "../engine/ports.ts";

const Params = z.strictObject({
  facts: z
    .record(
      z.string(),
      z.strictObject({ action: z.string(), with: z.record(z.string(), z.json()).default({}) }),
    )
    .describe("actions that only look, made anew each time"),
  until: z.string().min(1).describe("CEL over `facts`"),
  every: z.int().default(10_000).describe("ms between two looks"),
  variables: z.record(z.string(), z.json()).default({}).describe("what else the condition may name"),
});

type WaitUntilState = {
  facts: Record<string, { action: string; state: Json }>;
  until: string;
  everyMs: number;
  variables: Record<string, Json>;
};

/** Looks again and again until a condition over what it finds is true. */
export const waitUntil = defineAction<z.infer<typeof Params>, WaitUntilState, "none">({
  name: "wait-until",
  scope: "none",
  params: Params,
  permission: "run:answer",

  async plan({ facts, until, every, variables }, { probes }) {
    const planned = await Promise.all(
      Object.entries(facts).map(
        async ([name, { action, with: given }]) => [name, action, await probes.plan(action, given)] as const,
      ),
    );
    const state: WaitUntilState = {
      facts: Object.fromEntries(
        planned.map(([name, action, { state: known }]) => [name, { action, state: known }]),
      ),
      until,
      everyMs: every,
      variables,
    };
    return {
      title: `wait until ${until}`,
      calls: planned.flatMap(([, , { calls }]) => calls),
      facts: [],
      diff: null,
      kubectl: [],
      warnings: [],
      fingerprint: digest([until, planned.map(([name, , { fingerprint }]) => [name, fingerprint])]),
      inverse: null,
      state,
    };
  },

  lookEvery: ({ everyMs }) => everyMs,

  async observe({ facts, until, variables }, { probes }, since) {
    const seen = await Promise.all(
      Object.entries(facts).map(async ([name, { action, state }]) => {
        const found = await probes.look(action, state, since);
        const detail = "detail" in found ? found.detail : "";
        const values = "values" in found ? (found.values ?? null) : null;
        const evidence = "evidence" in found ? found.evidence : [];
        return { name, fact: { state: found.state, detail, values }, evidence };
      }),
    );
    const known = Object.fromEntries(seen.map(({ name, fact }) => [name, fact]));
    if (evaluate(until, { ...variables, facts: known }) === true)
      return { state: "done", evidence: seen.flatMap(({ evidence }) => evidence), values: known };
    const details = seen.flatMap(({ fact: { detail } }) => (detail === "" ? [] : [detail]));
    return { state: "pending", detail: details.join("; ") || `Not yet: ${until}` };
  },
});

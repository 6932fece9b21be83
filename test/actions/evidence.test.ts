import { expect, test } from "vitest";
import { evidenceCheck } from "../../src/actions/evidence-check.ts";
import type { EnvironmentContext, Observation } from "../../src/engine/playbooks/action.ts";
import type { Json } from "../../src/engine/ports.ts";

type Answer = { ok: true; body: Json } | { ok: false; detail: string };

async function seen(
  params: Record<string, Json>,
  answer: Answer,
): Promise<{ said: Observation; asked: string[] }> {
  const asked: string[] = [];
  const context = {
    apps: [],
    clusterName: "c",
    settings: { preflight: { evidence: "https://ci.example.com/evidence/" } },
    http: {
      json: async (url: string) => {
        asked.push(url);
        return answer;
      },
    },
  } as unknown as EnvironmentContext;
  const { state } = await evidenceCheck.plan(evidenceCheck.params.parse(params), context);
  return { said: await evidenceCheck.observe(state, context, new Date()), asked };
}

const tests = (unit: Json): Answer => ({ ok: true, body: { tests: { unit } } });
const ninety = { tag: "v1.2.0", of: "unit", coverage: 0.9 };

test("CI is asked for exactly the tag, which stays one segment of the path", async () => {
  const { asked } = await seen({ tag: "a/../b?c", of: "unit" }, tests({ passed: true }));
  expect(asked).toEqual(["https://ci.example.com/evidence/a%2F..%2Fb%3Fc"]);
});

test.each([
  [{ passed: true, coverage: 0.9 }, "done"],
  [{ passed: true, coverage: 0.899 }, "failed"],
  [{ passed: false, coverage: 1 }, "failed"],
  [{ passed: true }, "unknown"],
  [{ passed: "yes" }, "unknown"],
])("%j is %s where 90 % are demanded", async (unit, state) => {
  expect((await seen(ninety, tests(unit as Json))).said).toMatchObject({ state });
});

test("without an answer, or without these tests in it, people have to say", async () => {
  expect((await seen(ninety, { ok: false, detail: "503" })).said).toMatchObject({
    state: "unknown",
    detail: "CI did not answer: 503",
  });
  expect((await seen({ tag: "v1.2.0", of: "chaos" }, tests({ passed: true }))).said).toMatchObject({
    state: "unknown",
    detail: "CI knows nothing of the chaos tests of v1.2.0",
  });
});

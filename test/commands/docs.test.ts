import { beforeAll, expect, test } from "vitest";
import { ask, startWorld, type World } from "../support/practice-world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
  return () => world.close();
});

test("docs lists every link, and a topic finds those about it, in any order of its words", async () => {
  const { robin } = world;
  const all = await ask(robin, "C0INCIDENTS", "/crai docs");
  expect(all).toContain("Security Policies");
  expect(all).toContain("api: runbook");
  const found = await ask(robin, "C0INCIDENTS", "/crai docs policies sec");
  expect(found).toContain("Security Policies");
  expect(found).not.toContain("Compliance Guide");
});

test("a topic that nothing is about gets the nearest one", async () => {
  const answer = await ask(world.robin, "C0INCIDENTS", "/crai docs complience guide");
  expect(answer).toContain("No documentation is about complience guide.");
  expect(answer).toContain("Did you mean `/crai docs Compliance Guide`?");
});

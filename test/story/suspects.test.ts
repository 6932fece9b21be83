import { expect, test } from "vitest";
import { cluster } from "../../sandbox/seed.ts";
import { entriesOf, startWorld, withinMs } from "../support/practice-world.ts";
import { textOf } from "../support/slack-text.ts";
import { card, ended, incidentChannel, pace, ship, storyTimeout } from "./story.ts";

test("a rollback that cures nothing names what else changed lately", { timeout: storyTimeout }, async () => {
  const world = await startWorld({ pace });
  await using _ = { [Symbol.asyncDispose]: () => world.close() };
  const { robin } = world;
  await ship(world, "federated", "good");
  const config = `/api/v1/namespaces/${cluster.namespace}/configmaps/api-config?fieldManager=kubectl-edit`;
  const edited = await fetch(`${world.sandbox.url}/k8s${config}`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: JSON.stringify({ data: { POOL: "1" } }),
  });
  expect(edited.status).toBe(200);
  await ship(world, "api", "errors");
  const { id } = await incidentChannel(robin, "api");
  await card(robin, id, /Confirm/);
  await ship(world, "api", "errors");
  await expect
    .poll(() => world.sandbox.metrics.health("api"), { timeout: withinMs })
    .toMatchObject({ tag: "v1.3.0-errors", ready: 3 });
  const after = (await robin.history(id)).at(-1)!.ts;
  await robin.command(id, "/crai rollback --to 4");
  await robin.press(await robin.waitForMessage(id, /revision 4 .*Confirm/s, { withinMs, after }), "Confirm");
  const run = await ended(robin, id, "R1");
  expect(textOf(run)).toMatch(/^R1 Carried out, not cured/);

  const told = textOf(
    await robin.waitForMessage(id, /What else changed lately/, { withinMs, thread: run.ts }),
  );

  expect(told).toMatch(/federated runs \S+:v1\.2\.0 \(revision \d+\) since .+ before it was detected/);
  expect(told).toMatch(/ConfigMap api-config was written since .+ before it was detected/);
  expect(told).toContain("[Releases of federated]");
  expect(told).not.toMatch(/mlflow|redis|postgres/);
  const facts = (await entriesOf(world, 1)).map(({ fact }) => fact);
  expect(facts.filter(({ kind }) => kind === "suspects.named")).toHaveLength(1);
});

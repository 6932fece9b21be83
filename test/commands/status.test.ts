import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { renderText } from "../../src/cli/render-text.ts";
import { createDispatch } from "../../src/engine/commands/dispatch.ts";
import { robin, startEngineWorld } from "../engine/engine-world.ts";

test("status of an app names its latest releases, what runs for it now and what ran before", async () => {
  const world = await startEngineWorld();
  const crai = await world.process();
  const { uses } = crai;
  const dispatch = createDispatch({ commands, uses, now: () => new Date(), log: pino({ level: "silent" }) });
  const status = async (): Promise<string> => {
    const place = { surface: "slash", channel: "C1", thread: null, responseUrl: null } as const;
    const asked = { id: randomUUID(), text: "status api", actor: robin, place, at: new Date() };
    return renderText((await dispatch(asked)).view, { width: 200, colors: false });
  };
  const before = await status();
  expect(before).toMatch(/Releases\n.*3 \(now\): \S+:v\S+, made .*\n.*2: \S+:v\S+, made .*\n.*1: /);
  expect(before).not.toContain("Runs");

  const { number: plan } = await uses.planner.make({
    playbook: "rollback",
    app: "api",
    environment: null,
    inputs: {},
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: "slash:1",
  });
  const said = { plan, actor: robin, reason: null, breakGlass: false, cause: "press", channel: null };
  await uses.approvals.approve(said);
  expect(await status()).toMatch(/Runs\n.*R1 Running: Roll api-deployment back to revision 2/);
  await crai.runs.begin(1);
  await crai.runs.carryOut(1);
  await crai.runs.finish(1);
  expect(await status()).toMatch(/Runs\n.*R1 Done: Roll api-deployment back to revision 2/);
});

import { expect, test } from "vitest";
import { pino } from "pino";
import { commands } from "../../commands/index.ts";
import { people } from "../../sandbox/seed.ts";
import type { Person } from "../../src/domain/actor.ts";
import { createDispatch } from "../../src/engine/commands/dispatch.ts";
import { homeView } from "../../src/engine/commands/home-view.ts";
import type { Reply } from "../../src/engine/commands/invocation.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { actorOf, robin, startEngineWorld } from "./engine-world.ts";

const noor = actorOf(people.noor);

/** Restarts the api, and the federated server with it. */
const both = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: both
  version: 1
  title: Restart both
  owner: DevOps Team
  runbook: [Rollback Procedures]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs: { app: { type: app, required: true, description: The app } }
permission: workload:read
permissions: [rollout:restart]
risk: guarded
steps:
  - { id: api, action: rollout-restart }
  - { id: federated, app: federated, action: rollout-restart }
`;

/** Noor may do everything to the api, and nothing to the federated server. */
async function startWorld() {
  const world = await startEngineWorld({ playbooks: { both } });
  const { access } = world.config;
  access.roles["api"] = { members: [noor.id], onCall: [] };
  access.rules.push({ roles: ["api"], allow: ["*"], apps: ["api"] });
  const crai = await world.process();
  const plan = await crai.uses.planner.make({
    playbook: "both",
    app: "api",
    environment: null,
    inputs: {},
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: "slash:1",
  });
  return { world, crai, plan };
}

let asked = 0;
function type({ uses }: Engine, actor: Person, text: string): Promise<Reply> {
  const dispatch = createDispatch({ commands, uses, now: () => new Date(), log: pino({ level: "silent" }) });
  return dispatch({
    id: `${++asked}`,
    text,
    actor,
    place: { surface: "slash", channel: "C1", thread: null, responseUrl: null },
    at: new Date(),
  });
}

test("who may see or stop what is about one app sees and stops nothing that is about another one too", async () => {
  const { crai, plan } = await startWorld();
  const lead = actorOf(people.alex);
  const { approvals } = crai.uses;
  const decision = await approvals.approve({
    plan: plan.number,
    actor: lead,
    reason: null,
    breakGlass: false,
    cause: "press",
    channel: null,
  });
  expect(decision.result).toBe("started");
  for (const command of [`status P${plan.number}`, "runs R1", "stop R1", "undo R1"]) {
    expect(await type(crai, lead, command), command).not.toMatchObject({
      view: { summary: expect.stringMatching(/You may not/) as string },
    });
    expect(await type(crai, noor, command), command).toMatchObject({
      trouble: "refused",
      view: { summary: expect.stringMatching(/You may not .* for federated/) as string },
    });
  }
  for (const [person, seen] of [
    [lead, true],
    [noor, false],
  ] as const) {
    const list = await type(crai, person, "runs");
    const home = await homeView(crai.uses, person);
    for (const view of [list.view, home]) expect(JSON.stringify(view).includes("R1")).toBe(seen);
  }
});

test("those who may approve for every app of a plan are asked for a yes, and no others", async () => {
  const { crai, plan } = await startWorld();
  const { approvers } = await crai.uses.approvals.need(plan.plan, null);
  expect(approvers).toContain(people.alex.slack);
  expect(approvers).not.toContain(noor.id);
  expect(await crai.uses.authorizer.approvers({ app: "api", environment: "prod" })).toContain(noor.id);
});

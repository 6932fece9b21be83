import { expect, test } from "vitest";
import { planWarnings } from "../../src/domain/plan.ts";
import { robin, startEngineWorld } from "./engine-world.ts";

const enter = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: enter
  version: 1
  title: Ask the database
  owner: DevOps Team
  runbook: [Rollback Procedures]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
inputs: { app: { type: app, required: true, description: The app } }
permission: workload:read
risk: observe
steps:
  - { id: database, action: probe-database }
  - { id: sessions, action: probe-sessions }
`;

test("whoever is to enter a pod is asked for both rights that API servers want, before the plan is shown", async () => {
  const world = await startEngineWorld({ playbooks: { enter } });
  const { uses } = await world.process();
  const { plan } = await uses.planner.make({
    playbook: "enter",
    app: "api",
    environment: null,
    inputs: {},
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: "slash:1",
  });
  const missing = planWarnings(plan).map(({ text }) => text);
  const where = "in credit-risk-ai.";
  const both = [
    `Your Kubernetes user may not get pods/exec ${where}`,
    `Your Kubernetes user may not create pods/exec ${where}`,
  ];
  expect(missing).toEqual([...both, ...both]);
});

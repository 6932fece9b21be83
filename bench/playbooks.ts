import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { actions } from "../src/actions/index.ts";
import { indexActions } from "../src/engine/playbooks/loaded.ts";
import { loadPlaybooks } from "../src/engine/playbooks/load-playbooks.ts";
import { atMost, type Figure, median } from "./figures.ts";
import type { World } from "./world.ts";

const COUNT = 200;
const ROUNDS = 7;

/** Seven steps with conditions, questions, a checklist and a call: more than most procedures have. */
function playbook(index: number): string {
  return `apiVersion: crai/v1
kind: Playbook
metadata:
  name: playbook-${index}
  version: 1
  title: "Playbook ${index} for \${{ app }} in \${{ environment }}"
  owner: DevOps Team
  runbook: [Troubleshooting > High latency]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
command: { summary: Playbook ${index} }
inputs:
  app: { type: app, required: true, description: The app }
  replicas: { type: int, min: 1, max: 20, description: How many }
  deep: { type: boolean, default: false, description: Look at all }
permission: workload:scale
permissions: [workload:read, "rollout:restart"]
risk: reversible
steps:
  - id: looks
    parallel:
      - { id: health, action: http-check, continue_on_failure: true }
      - { id: rates, when: inputs.deep, action: metrics-check, continue_on_failure: true }
  - id: ready
    checklist: { items: [{ text: "The owner of \${{ app }} knows", due: 5m }, { text: Nobody deploys }] }
  - id: go
    when: steps.health.outcome != "succeeded"
    ask: { question: "Scale \${{ app }} to \${{ inputs.replicas }}?", options: [scale, leave] }
  - { id: scale, when: inputs.replicas != null, action: scale, with: { replicas: "\${{ inputs.replicas }}" } }
  - { id: restart, needs: [go], when: steps.go.answer == "scale", action: rollout-restart }
  - { id: wait, action: rollout-wait, timeout: 15m }
${index === 0 ? "" : "  - { id: next, call: playbook-0 }\n"}verify:
  - { id: after, action: http-check }
`;
}

/** Reading, parsing and judging every file of a folder, as a start and each change of a file does. */
export async function loadTimes(world: World): Promise<Figure[]> {
  const folder = join(world.folder, "many-playbooks");
  mkdirSync(folder);
  for (let index = 0; index < COUNT; index++) writeFileSync(join(folder, `p${index}.yaml`), playbook(index));
  const catalogue = indexActions(actions);
  const times = { load: [] as number[], parse: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    for (const name of readdirSync(folder)) parse(readFileSync(join(folder, name), "utf8"));
    const parsed = performance.now();
    loadPlaybooks(folder, catalogue);
    times.parse.push(parsed - began);
    times.load.push(performance.now() - parsed);
  }
  const value = median(times.load);
  const floor = median(times.parse);
  return [
    {
      ...atMost(300, { name: `${COUNT} playbooks loaded and validated`, value, unit: "ms" }),
      floor: Math.round(floor),
      ratio: Math.round((value / floor) * 100) / 100,
    },
  ];
}

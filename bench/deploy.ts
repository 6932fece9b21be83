import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { cluster } from "../sandbox/seed.ts";
import { person } from "../test/support/person.ts";
import { against, type Figure, median } from "./figures.ts";
import type { World } from "./world.ts";

const ROUNDS = 9;
const MANIFESTS = 20;

/** One manifest of a Deployment without pods: planning it is the same work as for one with. */
function manifest(index: number): string {
  const name = `bench-${index}`;
  const labels = { app: name };
  const container = {
    name: "app",
    image: `${cluster.image}:production`,
    env: [{ name: "LOG_LEVEL", value: "info" }],
  };
  return stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  });
}

const playbook = (files: readonly string[]) => ({
  apiVersion: "crai/v1",
  kind: "Playbook",
  metadata: {
    name: "deploy",
    version: 1,
    title: "Deploy everything",
    owner: "Bench",
    runbook: [],
    reviewed: "2026-11-22",
    nextReview: "2027-02-22",
  },
  command: { summary: "Deploy all manifests" },
  inputs: { env: { type: "environment", description: "The environment" } },
  permission: "manifest:apply",
  risk: "guarded",
  steps: [{ id: "apply", action: "manifest-apply", with: { files } }],
});

/** The plan of a deploy over 20 manifests, from the command to the message, against `kubectl diff` of the same files. */
export async function deployPlan(world: World): Promise<Figure[]> {
  const [manifests, playbooks] = ["manifests", "playbooks"].map((name) => join(world.folder, name));
  for (const folder of [manifests!, playbooks!]) mkdirSync(folder);
  const files = Array.from({ length: MANIFESTS }, (_, index) => `${index}.yaml`);
  for (const [index, file] of files.entries()) writeFileSync(join(manifests!, file), manifest(index));
  writeFileSync(join(playbooks!, "deploy.yaml"), stringify(playbook(files)));
  const config = parse(readFileSync(join(world.folder, "sandbox/crai.yaml"), "utf8")) as object;
  const edited = join(world.folder, "crai.yaml");
  writeFileSync(edited, stringify({ ...config, manifests: { directory: manifests } }));

  await world.kubectl("apply", "--server-side", "--field-manager=crai", "-f", manifests!);
  // Something to find in each of them.
  for (const [index, file] of files.entries())
    writeFileSync(join(manifests!, file), manifest(index).replace("LOG_LEVEL", "LOG_FORMAT"));

  await world.crai({ env: { CRAI_CONFIG: edited, CRAI_PLAYBOOKS: playbooks! } });
  const alex = person(world.sandbox.url, "U0ALEX");
  const [planned, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    // It exits with 1 when there are differences.
    await world.kubectl("diff", "--server-side", "-f", manifests!).catch(differs);
    floor.push(performance.now() - before);
    const after = String(Date.now() / 1000);
    const asked = performance.now();
    await alex.command("C0API", "/crai deploy");
    await alex.waitForMessage("C0API", /LOG_FORMAT|Nothing has been touched/, { after });
    planned.push(performance.now() - asked);
  }
  return [
    against(median(floor), 2, {
      name: `deploy of ${MANIFESTS} manifests, command to plan shown, against kubectl diff`,
      value: median(planned),
      unit: "ms",
    }),
  ];
}

function differs(error: unknown): void {
  if ((error as { code?: unknown }).code !== 1) throw error;
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controlPlane, program } from "../support/program.ts";
import { startPractice } from "./kubectl/practice.ts";
import { startControlPlane } from "./kubectl/real.ts";
import type { RunningTarget } from "./kubectl/real.ts";
import { readRecording, recordedProgress, withNewProgress, writeRecording } from "./kubectl/recorded.ts";
import { kubectl } from "./kubectl/run.ts";
import type { KubectlTarget } from "./kubectl/run.ts";
import { applyScenarios } from "./kubectl/scenarios/applying.ts";
import { clusterScenarios } from "./kubectl/scenarios/cluster.ts";
import { deploymentScenarios } from "./kubectl/scenarios/deployments.ts";
import { jobScenarios } from "./kubectl/scenarios/jobs.ts";
import { nodeScenarios } from "./kubectl/scenarios/nodes.ts";
import { objectScenarios } from "./kubectl/scenarios/objects.ts";
import { setScenarios } from "./kubectl/scenarios/sets.ts";
import { play } from "./kubectl/session.ts";
import type { Scenario, Step } from "./kubectl/session.ts";

/**
 * What the real kubectl shows on the practice cluster is what it showed on a real control plane, whose outputs are
 * kept in recorded/. They are recorded anew by running this file with CRAI_RECORD=1 and KUBEBUILDER_ASSETS set.
 * kubectl/differences.ts lists what is not compared, and why.
 */
const scenarios = [
  ...deploymentScenarios,
  ...setScenarios,
  ...objectScenarios,
  ...applyScenarios,
  ...clusterScenarios,
  ...jobScenarios,
  ...nodeScenarios,
];
const recording = process.env["CRAI_RECORD"] === "1";
const assets = controlPlane();

const client = program("kubectl");

async function versions(target: KubectlTarget): Promise<{ server: string; kubectl: string }> {
  const { stdout } = await kubectl(target, ["version", "-o", "json"]);
  type Version = { gitVersion: string };
  const said = JSON.parse(stdout) as { clientVersion: Version; serverVersion: Version };
  return { server: said.serverVersion.gitVersion, kubectl: said.clientVersion.gitVersion };
}

async function labelNode(target: KubectlTarget): Promise<void> {
  const { stdout } = await kubectl(target, ["get", "nodes", "-o", "name"]);
  await kubectl(target, ["label", stdout.split("\n")[0]!, "contract=yes"]);
}

/** What was seen and what should be: progress may be any that was recorded somewhere. */
function compared(scenario: Scenario, steps: Step[]): { seen: Step[]; recorded: Step[] } {
  const known = recordedProgress(recording ? [scenario] : scenarios);
  return {
    seen: withNewProgress(steps, known),
    recorded: withNewProgress(readRecording(scenario).steps, known),
  };
}

describe.runIf(client && !recording)("kubectl on the practice cluster", () => {
  let target: RunningTarget;
  beforeAll(async () => {
    target = await startPractice();
    await labelNode(target);
  });
  afterAll(() => target?.close());

  it.concurrent.each(scenarios)("$name", { timeout: 120_000 }, async (scenario) => {
    const { seen, recorded } = compared(scenario, await play(target, scenario));
    expect(seen).toEqual(recorded);
  });
});

describe.runIf(client && assets)("kubectl on a real control plane", () => {
  let target: RunningTarget;
  beforeAll(async () => {
    target = await startControlPlane(assets!);
    await labelNode(target);
  });
  afterAll(() => target?.close());

  it.concurrent.each(scenarios)("$name", { timeout: 180_000 }, async (scenario) => {
    const steps = await play(target, scenario);
    if (recording) writeRecording(scenario, { ...(await versions(target)), steps });
    const { seen, recorded } = compared(scenario, steps);
    expect(seen).toEqual(recorded);
  });
});

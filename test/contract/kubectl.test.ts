import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPractice } from "./kubectl/practice.ts";
import { startControlPlane } from "./kubectl/real.ts";
import type { RunningTarget } from "./kubectl/real.ts";
import { readRecording, recordedProgress, withNewProgress, writeRecording } from "./kubectl/recorded.ts";
import { kubectl } from "./kubectl/run.ts";
import type { KubectlTarget } from "./kubectl/run.ts";
import { deploymentScenarios } from "./kubectl/scenarios/deployments.ts";
import { objectScenarios } from "./kubectl/scenarios/objects.ts";
import { setScenarios } from "./kubectl/scenarios/sets.ts";
import { play } from "./kubectl/session.ts";
import type { Scenario, Step } from "./kubectl/session.ts";

const scenarios = [...deploymentScenarios, ...setScenarios, ...objectScenarios];
const recording = process.env["CRAI_RECORD"] === "1";
const assets = process.env["KUBEBUILDER_ASSETS"];
const everything = process.env["CRAI_TEST_ALL"] === "1";

function kubectlVersion(): string | undefined {
  try {
    const text = execFileSync("kubectl", ["version", "--client", "-o", "json"], { encoding: "utf8" });
    return (JSON.parse(text) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
  } catch {
    return undefined;
  }
}

const client = kubectlVersion();
if (!client) console.log("skipped: no kubectl");
if (!assets) console.log("skipped: no control plane (KUBEBUILDER_ASSETS)");

it.runIf(everything)("has the real kubectl", () => {
  expect(client).toBeDefined();
});

async function serverVersion(target: KubectlTarget): Promise<string> {
  const { stdout } = await kubectl(target, ["version", "-o", "json"]);
  return (JSON.parse(stdout) as { serverVersion: { gitVersion: string } }).serverVersion.gitVersion;
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

  it.concurrent.each(scenarios)("$name", { timeout: 60_000 }, async (scenario) => {
    const { seen, recorded } = compared(scenario, await play(target, scenario));
    expect(seen).toEqual(recorded);
  });
});

describe.runIf(client && assets)("kubectl on a real control plane", () => {
  let target: RunningTarget;
  let server: string;
  beforeAll(async () => {
    target = await startControlPlane(assets!);
    server = await serverVersion(target);
    await labelNode(target);
  });
  afterAll(() => target?.close());

  it.concurrent.each(scenarios)("$name", { timeout: 180_000 }, async (scenario) => {
    const steps = await play(target, scenario);
    if (recording) writeRecording(scenario, { server, kubectl: client!, steps });
    const { seen, recorded } = compared(scenario, steps);
    expect(seen).toEqual(recorded);
  });
});

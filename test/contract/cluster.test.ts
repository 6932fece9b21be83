import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubectlCases } from "./cluster/kubectl-cases.ts";
import { objectCases } from "./cluster/object-cases.ts";
import { restartCases, scaleCases } from "./cluster/scale-cases.ts";
import { securityCases } from "./cluster/security-cases.ts";
import { setCases } from "./cluster/set-cases.ts";
import { revisionCases } from "./cluster/undo-cases.ts";
import { waitCases } from "./cluster/wait-cases.ts";
import { startPracticeWorld, startRealWorld, type World } from "./cluster/world.ts";
import { writeCases } from "./cluster/write-cases.ts";
import { program } from "../support/program.ts";

const assets = process.env["KUBEBUILDER_ASSETS"];

const withKubectl = program("kubectl") !== undefined;
if (!assets) console.log("skipped: no control plane (KUBEBUILDER_ASSETS)");

it.runIf(process.env["CRAI_TEST_ALL"] === "1")("has a control plane to run against", () => {
  expect(assets).toBeDefined();
});

const worlds = [
  { name: "the practice cluster", start: startPracticeWorld },
  ...(assets ? [{ name: "a real control plane", start: () => startRealWorld(assets) }] : []),
];

/** What crai does to a cluster, on both: whatever holds on one and not on the other is a mistake in one of them. */
describe.each(worlds)("on $name", ({ start }) => {
  let world: World;
  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world?.close());
  const current = (): World => world;

  describe("revisions", () => {
    revisionCases(current);
  });
  describe("writes", () => {
    writeCases(current);
  });
  describe("sets", () => {
    setCases(current);
  });
  describe("waits", () => {
    waitCases(current);
  });
  describe("restarts", () => {
    restartCases(current);
  });
  describe("scale", () => {
    scaleCases(current);
  });
  describe("objects", () => {
    objectCases(current);
  });
  describe("rights", () => {
    securityCases(current);
  });
  describe.runIf(withKubectl)("kubectl", () => {
    kubectlCases(current);
  });
});

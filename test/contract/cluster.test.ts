import { afterAll, beforeAll, describe } from "vitest";
import { diagnoseCases } from "./cluster/diagnose-cases.ts";
import { containmentCases, nodeCases } from "./cluster/emergency-cases.ts";
import { jobCases } from "./cluster/job-cases.ts";
import { kubectlCases } from "./cluster/kubectl-cases.ts";
import { manifestCases } from "./cluster/manifest-cases.ts";
import { objectCases } from "./cluster/object-cases.ts";
import { restartCases, scaleCases } from "./cluster/scale-cases.ts";
import { parameterCases } from "./cluster/parameter-cases.ts";
import { preflightCases } from "./cluster/preflight-cases.ts";
import { failedPodCases, limitCases } from "./cluster/resolve-cases.ts";
import { securityCases } from "./cluster/security-cases.ts";
import { setCases } from "./cluster/set-cases.ts";
import { revisionCases } from "./cluster/undo-cases.ts";
import { waitCases } from "./cluster/wait-cases.ts";
import { startPracticeWorld, startRealWorld, type World } from "./cluster/world.ts";
import { writeCases } from "./cluster/write-cases.ts";
import { controlPlane, program } from "../support/program.ts";

const assets = controlPlane();

const withKubectl = program("kubectl") !== undefined;

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
  describe("checks before a deploy", () => {
    preflightCases(current);
  });
  describe("diagnoses", () => {
    diagnoseCases(current);
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
  describe("failed pods", () => {
    failedPodCases(current);
  });
  describe("limits", () => {
    limitCases(current);
  });
  describe("parameters", () => {
    parameterCases(current);
  });
  describe("containment", () => {
    containmentCases(current);
  });
  describe("nodes", () => {
    nodeCases(current);
  });
  describe("manifests", () => {
    manifestCases(current);
  });
  describe("objects", () => {
    objectCases(current);
  });
  describe("Jobs", () => {
    jobCases(current);
  });
  describe("rights", () => {
    securityCases(current);
  });
  describe.runIf(withKubectl)("kubectl", () => {
    kubectlCases(current);
  });
});

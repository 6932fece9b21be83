import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createCi } from "../../sandbox/ci/ci.ts";
import { cluster } from "../../sandbox/seed.ts";
import { templateDigest } from "../../src/domain/pod-template.ts";
import { Preflight } from "../../src/domain/preflight.ts";
import { recordSighting } from "../../src/store/health.ts";
import { runByNumber, stepsOf } from "../../src/store/runs.ts";
import type { StoredPlan } from "../../src/store/plans.ts";
import type { Engine } from "../../src/wire-engine.ts";
import { type EngineWorld, robin, startEngineWorld } from "./engine-world.ts";

/** Holds a release up, and does nothing beside. */
const release = `
apiVersion: crai/v1
kind: Playbook
metadata:
  name: release
  version: 1
  title: "Release \${{ inputs.tag }}"
  owner: DevOps Team
  runbook: [Deployment Procedures]
  reviewed: 2026-11-22
  nextReview: 2027-02-22
command:
  summary: Release
inputs:
  tag: { type: image-tag, required: true, description: The tag }
  env: { type: environment, description: The environment }
  override: { type: text, description: Why without a checklist }
permission: workload:read
risk: reversible
steps:
  - id: checklist
    action: preflight-required
    with: { tag: "\${{ inputs.tag }}", override: "\${{ inputs.override }}" }
`;

/** The one that is shipped, but for TLS, which needs a server of its own. */
const preflight = readFileSync("playbooks/preflight.yaml", "utf8").replace(
  /check: \{ action: tls-check, with: \{ days: 21 \} \}\n/,
  "owner: Security Team\n",
);

const settings = Preflight.parse({
  required: ["prod"],
  workloads: { prometheus: { namespace: "monitoring", workload: "statefulset/prometheus" } },
});

/** What crai cannot see in this world, or not with Robin's rights. */
const attested = [
  "The storage is SSD",
  "Grafana and Jaeger are ready",
  "Logs are aggregated",
  "Certificates of all domains valid for more than 21 days",
  "Secrets that the apps name are there",
  "Database credentials are encrypted and were rotated in time",
  "No app may do everything in the cluster",
  "Secrets are kept in Vault or its equivalent",
  "AUC-ROC of 0.85 and accuracy of 0.80 at least",
  "Bias within its thresholds",
  "Energy within its target",
  "SHAP and LIME explanations work",
  "FCRA, ECOA and GDPR compliance is validated",
  "Unit tests cover 90 % of the code",
  "All API endpoints are tested",
  "Performance under expected traffic",
  "Vulnerabilities are scanned for",
  "Resilience is validated",
];

/** ms; two cores carry everything. */
const withinMs = 20_000;

const lists = ["infrastructure", "security", "model", "testing"];

async function start(): Promise<EngineWorld> {
  const world = await startEngineWorld({ playbooks: { release, preflight } });
  world.config.preflight = settings;
  return world;
}

/** Takes away what the practice cluster has: policies, and TLS at its Ingress; returns how to put it back. */
function bare({ cluster: { store } }: EngineWorld): () => void {
  const by = { manager: "test", now: new Date() };
  const { namespace } = cluster;
  const ingress = () => store.get("ingresses", namespace, "credit-risk-ingress")!;
  const policy = store.get("networkpolicies", namespace, "credit-risk-isolation")!;
  const { tls, ...rest } = ingress()["spec"] as { tls: object };
  store.delete("networkpolicies", namespace, "credit-risk-isolation", by);
  store.update("ingresses", { ...ingress(), spec: rest }, by);
  return () => {
    const { name } = policy.metadata;
    store.create("networkpolicies", { ...policy, metadata: { name, namespace } }, by);
    store.update("ingresses", { ...ingress(), spec: { ...rest, tls } }, by);
  };
}

let typed = 0;

function make(
  { uses }: Engine,
  playbook: string,
  inputs: Record<string, string | null>,
): Promise<StoredPlan> {
  return uses.planner.make({
    playbook,
    app: null,
    environment: "prod",
    inputs: { env: "prod", ...inputs },
    actor: robin,
    incident: null,
    reason: null,
    channel: null,
    key: `slash:${++typed}`,
  });
}

async function releaseOf(crai: Engine, tag: string, override: string | null = null) {
  const { plan } = await make(crai, "release", { tag, override });
  return {
    warnings: plan.steps.flatMap(({ warnings }) => warnings.map(({ level, text }) => `${level}: ${text}`)),
    facts: plan.steps.flatMap(({ facts }) => facts.map(({ value }) => value)),
  };
}

/** Goes through the checklist; Robin ticks what crai cannot see. @returns what did not pass, by the run's record */
async function goThrough(world: EngineWorld, crai: Engine, tag: string, bad?: string) {
  const { number } = await make(crai, "preflight", { tag });
  const decision = await crai.uses.approvals.approve({
    plan: number,
    actor: robin,
    reason: null,
    breakGlass: false,
    cause: `press:${number}`,
    channel: null,
  });
  if (decision.result !== "started") throw new Error(`It was ${decision.result}`);
  const run = decision.run.number;
  await crai.runs.begin(run);
  const carried = crai.runs.carryOut(run);
  const begun = async () => (await stepsOf(world.db, run)).filter(({ step }) => lists.includes(step));
  await vi.waitUntil(async () => (await begun()).length === lists.length, { timeout: withinMs });
  for (const { step, document } of await begun()) {
    const { items } = document.state as { items: { text: string }[] };
    for (const [index, { text }] of items.entries())
      if (attested.includes(text))
        await crai.runs.answer({
          run,
          step,
          item: `${index + 1}`,
          text: text === bad ? "failed" : "so",
          note: null,
          actor: robin,
        });
  }
  await carried;
  await crai.runs.finish(run);
  const { outcome } = (await runByNumber(world.db, run))!;
  const evidence = (await stepsOf(world.db, run)).flatMap((row) => row.evidence);
  return { run, outcome, bad: evidence.filter(({ ok }) => ok === false).map(({ what }) => what) };
}

test("a release is held up until its checklist has passed, for exactly its tag and its day", async () => {
  const world = await start();
  const secure = bare(world);
  const crai = await world.process();
  const missing = (tag: string) =>
    `block: No pre-deployment checklist of ${tag} has passed for prod within 1d.`;
  expect(await releaseOf(crai, "v1.2.0")).toEqual({ warnings: [missing("v1.2.0")], facts: [] });

  const first = await goThrough(world, crai, "v1.2.0");
  expect(first.outcome).toBe("failed");
  expect(first.bad).toEqual([
    expect.stringMatching(/^Load balancer and TLS: .*api\.credit-risk-ai\.example\.com of .* without TLS/),
    expect.stringMatching(/^Every app is under a NetworkPolicy: api is under no NetworkPolicy/),
    "2 of 4 did not pass: Infrastructure, Security",
  ]);
  expect((await releaseOf(crai, "v1.2.0")).warnings).toEqual([missing("v1.2.0")]);

  secure();
  const second = await goThrough(world, crai, "v1.2.0");
  expect(second).toMatchObject({ outcome: "succeeded", bad: [] });
  expect(await releaseOf(crai, "v1.2.0")).toEqual({
    warnings: [],
    facts: [expect.stringMatching(`^Pre-deployment checklist R${second.run} of v1.2.0 by Robin passed at `)],
  });
  expect((await releaseOf(crai, "v1.2.1")).warnings).toEqual([missing("v1.2.1")]);
  const tomorrow = await world.process({ now: () => new Date(Date.now() + 25 * 3_600_000) });
  expect((await releaseOf(tomorrow, "v1.2.0")).warnings).toEqual([missing("v1.2.0")]);

  const third = await goThrough(world, crai, "v1.2.0", "Resilience is validated");
  expect(third).toMatchObject({ outcome: "failed" });
  // What somebody has found since counts, not that it was well before.
  expect((await releaseOf(crai, "v1.2.0")).warnings).toEqual([missing("v1.2.0")]);
}, 90_000);

/** What CI tells, on a port of its own. */
async function startCi(): Promise<string> {
  const ci = createCi();
  const server = createServer((req, res) => void ci.handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/releases`;
}

function declare({ uses }: Engine, severity: "sev1" | "sev3") {
  return uses.incidents.declare({
    kind: "outage",
    severity,
    title: "It is down",
    app: "api",
    environment: "prod",
    detectedAt: new Date(),
    pagerdutyIncident: null,
    actor: robin,
    cause: severity,
  });
}

/** What runs now was seen to be well, on every app that follows the tag. */
async function ranWell(world: EngineWorld): Promise<void> {
  const { clusters } = await world.process();
  for (const name of ["api-deployment", "federated-server-deployment"]) {
    const target = {
      cluster: "practice",
      namespace: cluster.namespace,
      kind: "deployment",
      name,
    } as const;
    const template = templateDigest((await clusters.as(robin, "practice").workload(target)).template);
    for (const days of [12, 11])
      await recordSighting(world.db, {
        target: `practice/${cluster.namespace}/deployment/${name}`,
        template,
        revision: 3,
        well: true,
        why: null,
        at: new Date(Date.now() - days * 86_400_000),
        healthyAfter: 600_000,
      });
  }
}

test("during the worst outages a tag that ran well goes out at once, and a new one needs its image", async () => {
  const world = await start();
  const crai = await world.process();
  await ranWell(world);
  const held = (tag: string) =>
    expect.stringMatching(`^block: No pre-deployment checklist of ${tag} has passed`);
  expect((await releaseOf(crai, "v1.1.9")).warnings).toEqual([held("v1.1.9")]);

  await declare(crai, "sev3");
  expect((await releaseOf(crai, "v1.1.9")).warnings).toEqual([held("v1.1.9")]);
  await world.db.updateTable("incident").set({ severity: "sev1" }).execute();
  expect((await releaseOf(crai, "v1.1.9")).warnings).toEqual([
    "warn: No checklist during an outage: v1.1.9 ran well within 30 days.",
  ]);

  expect((await releaseOf(crai, "v1.3.0")).warnings).toEqual([
    expect.stringMatching(
      /^block: .* During an outage a tag that has not run well within 30 days needs its image: Where CI tells of its tests is not configured/,
    ),
  ]);
  world.config.preflight = { ...settings, evidence: await startCi() };
  expect((await releaseOf(crai, "v1.3.0")).warnings).toEqual([
    expect.stringMatching(
      /^warn: No checklist during an outage: v1\.3\.0 is new, its image is \S+@sha256:[0-9a-f]{64}; references and dry run/,
    ),
  ]);
  expect((await releaseOf(crai, "nightly")).warnings).toEqual([
    expect.stringMatching(/^block: .* needs its image: CI did not answer: /),
  ]);
  // It was well too long ago.
  const later = await world.process({ now: () => new Date(Date.now() + 20 * 86_400_000) });
  world.config.preflight = settings;
  expect((await releaseOf(later, "v1.1.9")).warnings).toEqual([held("v1.1.9")]);
});

test("a reason lets it through, and everybody who is asked for a yes reads it", async () => {
  const world = await start();
  const crai = await world.process();
  expect((await releaseOf(crai, "v1.2.0", "The fix for the outage")).warnings).toEqual([
    "warn: No checklist of v1.2.0 has passed; overridden: The fix for the outage.",
  ]);
  expect((await releaseOf(crai, "v1.2.0", "  ")).warnings).toEqual([expect.stringMatching("^block: ")]);
});

import { copyFileSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { withdrawImage } from "../../sandbox/cluster/kubelet/registry.ts";
import { cluster } from "../../sandbox/seed.ts";
import type { Message } from "../../sandbox/slack/client-api.ts";
import { readStream } from "../../src/store/timeline.ts";
import { ask, startWorld, teamChannel, withinMs, type World } from "../support/practice-world.ts";
import { allPlaybooks } from "../support/quiet-playbooks.ts";
import { textOf } from "../support/slack-text.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { pace, panel, storyTimeout } from "./story.ts";

interface Step {
  action?: string;
  with?: object;
  retry?: object;
  parallel?: Step[];
}

/** Pods that give up within seconds: what people would wait a minute for is cut down, and nothing else. */
function impatient(step: Step): Step {
  if (!["scale", "rollout-wait", "pods-restart"].includes(step.action ?? "")) return step;
  const patience = { ...step, with: { ...step.with, stuckAfter: "2s" } };
  return step.retry === undefined ? patience : { ...patience, retry: { times: 2, every: "500ms" } };
}

function impatientPlaybooks(): { CRAI_PLAYBOOKS: string } {
  const folder = temporaryFolder();
  for (const name of globSync("*.yaml", { cwd: allPlaybooks.CRAI_PLAYBOOKS })) {
    const file = join(allPlaybooks.CRAI_PLAYBOOKS, name);
    if (!["scale.yaml", "restart.yaml", "limits.yaml"].includes(name)) {
      copyFileSync(file, join(folder, name));
      continue;
    }
    const playbook = parse(readFileSync(file, "utf8")) as { steps: Step[] };
    writeFileSync(join(folder, name), stringify({ ...playbook, steps: playbook.steps.map(impatient) }));
  }
  return { CRAI_PLAYBOOKS: folder };
}

let world: World;
beforeAll(async () => {
  world = await startWorld({ pace, env: impatientPlaybooks() });
}, storyTimeout);
afterAll(() => world?.close());

const administrator = () => ({ manager: "administrator", now: new Date() });
const after = (): string => String(Date.now() / 1000);

interface Workload {
  spec: {
    replicas: number;
    paused?: boolean;
    template: { spec: { containers: { image: string; resources: { limits: object } }[] } };
  };
}

function stored(name: string): Workload {
  return world.sandbox.cluster.store.get("deployments", cluster.namespace, name) as unknown as Workload;
}

/** The message of a run that was started since, once it has ended. */
function endedAfter(since: string): Promise<Message> {
  const ends = /^R\d+ (Cured|Carried out|Stuck|Done|Failed|Not carried out|Not cured|Outcome unknown)/;
  return world.robin.waitForMessage(teamChannel, ends, { after: since, withinMs: 100_000 });
}

async function planned(line: string, plan: RegExp): Promise<Message> {
  const since = after();
  await world.robin.command(teamChannel, line);
  return world.robin.waitForMessage(teamChannel, plan, { after: since, withinMs });
}

/** Robin types it and confirms it alone. */
async function confirmed(line: string, plan: RegExp): Promise<{ plan: string; run: string }> {
  const offered = await planned(line, plan);
  const since = after();
  await world.robin.press(offered, "Confirm");
  return { plan: textOf(offered), run: textOf(await endedAfter(since)) };
}

/** What the timeline keeps of a run outside incidents. */
async function recordOf(run: string): Promise<string> {
  const plan = Number(/· P(\d+) ·/.exec(run)![1]);
  return JSON.stringify(await readStream(world.db, `plan:${plan}`));
}

/** The undo that a failed run has planned by itself, confirmed. */
async function undone(run: string): Promise<string> {
  const number = /^R\d+/.exec(run)![0];
  const undo = await world.robin.waitForMessage(teamChannel, new RegExp(`^(P\\d+: )?Undo ${number}:`), {
    withinMs,
  });
  const since = after();
  await world.robin.press(undo, "Confirm");
  return textOf(await endedAfter(since));
}

/** As kubelets would report containers that end again and again. Returns the pods' names. */
function breakPods(app: string, count: number, ended = "Error"): string[] {
  const { store } = world.sandbox.cluster;
  const isOf = (pod: { metadata: { labels?: Record<string, string> } }) =>
    pod.metadata.labels?.["app"] === app;
  const pods = store.list("pods", cluster.namespace, isOf).slice(0, count);
  for (const pod of pods) {
    const { status } = pod as unknown as {
      status: { conditions: { type: string }[]; containerStatuses: object[] };
    };
    const conditions = status.conditions.map((condition) =>
      ["Ready", "ContainersReady"].includes(condition.type) ? { ...condition, status: "False" } : condition,
    );
    const containerStatuses = status.containerStatuses.map((container) => ({
      ...container,
      ready: false,
      restartCount: 4,
      state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } },
      lastState: { terminated: { reason: ended, exitCode: 137 } },
    }));
    const broken = { ...pod, status: { ...status, conditions, containerStatuses } };
    store.updateStatus("pods", broken, { manager: "kubelet", now: new Date() });
  }
  return pods.map(({ metadata }) => metadata.name);
}

test(
  "more replicas go out by one command and the yes of who is on call",
  { timeout: storyTimeout },
  async () => {
    const { plan, run } = await confirmed("/crai scale api +1", /Scale api-deployment from 3 to 4/);
    expect(plan).toContain("3 → 4");
    expect(run).toMatch(/^R\d+ Cured/);
    expect(run).toContain("4 of 4 replicas are ready");
    expect(stored("api-deployment").spec.replicas).toBe(4);
  },
);

test("fewer than run now take a second person's yes", { timeout: storyTimeout }, async () => {
  const offered = await planned("/crai scale api 3", /Scale api-deployment from 4 to 3/);
  expect(textOf(offered)).toContain("It takes 1 of 4 running pods away: a second person has to agree.");
  const since = after();
  await world.alex.press(offered, "Approve");
  expect(textOf(await endedAfter(since))).toMatch(/^R\d+ Cured/);
  expect(stored("api-deployment").spec.replicas).toBe(3);
});

test(
  "a quota that is exceeded ends the run in the quota's words, and scaling back is offered at once",
  { timeout: storyTimeout },
  async () => {
    const { store } = world.sandbox.cluster;
    const pods = store.list("pods", cluster.namespace).length;
    const quota = {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "team", namespace: cluster.namespace },
      spec: { hard: { pods: String(pods) } },
    };
    store.create("resourcequotas", quota, administrator());
    onTestFinished(() => void store.delete("resourcequotas", cluster.namespace, "team", administrator()));
    const { plan, run } = await confirmed("/crai scale api +2", /Scale api-deployment from 3 to 5/);
    expect(plan).toContain("quotas (no right to look)");
    expect(run).toMatch(/3 of 5 replicas are ready: no new pod can be made: .*exceeded quota: team/);
    expect(await recordOf(run)).toContain("exceeded quota: team");
    const undo = await undone(run);
    expect(undo).toContain("3 of 3 replicas are ready");
    expect(stored("api-deployment").spec.replicas).toBe(3);
  },
);

test(
  "an autoscaler that holds the number is said before, and what it does is never success",
  { timeout: storyTimeout },
  async () => {
    const { store } = world.sandbox.cluster;
    const name = "federated-server-deployment";
    const autoscaler = {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name, namespace: cluster.namespace },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: 1,
        maxReplicas: 2,
      },
    };
    const offered = await planned("/crai scale federated 5", /Scale federated-server-deployment from 1 to 5/);
    store.create("horizontalpodautoscalers", autoscaler, administrator());
    onTestFinished(
      () => void store.delete("horizontalpodautoscalers", cluster.namespace, name, administrator()),
    );
    const again = await planned("/crai scale federated 5", /Scale federated-server-deployment from 1 to 5/);
    expect(textOf(again)).toContain(`The HPA ${name} keeps the number between 1 and 2, so 5 will not last.`);
    expect(textOf(offered)).not.toContain("HPA");
    const since = after();
    await world.robin.press(again, "Confirm");
    const run = textOf(await endedAfter(since));
    expect(run).toMatch(
      /Superseded: federated-server-deployment was set to 2 replicas by kube-controller-manager/,
    );
    expect(run).not.toMatch(/^R\d+ (Cured|Done)/);
  },
);

test(
  "half as much memory again goes out with a rollout, and its undo gives it back",
  { timeout: storyTimeout },
  async () => {
    const { plan, run } = await confirmed("/crai limits api --memory +50%", /memory 4Gi → 6Gi/);
    expect(plan).toContain("3 pods of api-deployment, one after the other");
    expect(run).toContain("api-deployment has the limits memory 6Gi");
    const [container] = stored("api-deployment").spec.template.spec.containers;
    expect(container!.resources).toEqual({
      limits: { cpu: "2", memory: "6Gi" },
      requests: { cpu: "500m", memory: "1Gi" },
    });
    const back = await confirmed(
      `/crai undo ${/^R\d+/.exec(run)![0]}`,
      /Return the limits of api-deployment to memory 4Gi/,
    );
    expect(back.run).toContain("api-deployment has the limits memory 4Gi");
    expect(stored("api-deployment").spec.template.spec.containers[0]!.resources.limits).toEqual({
      cpu: "2",
      memory: "4Gi",
    });
    const lower = await planned("/crai limits api --memory 2Gi", /memory 4Gi → 2Gi/);
    expect(textOf(lower)).toContain("It lowers the limit of memory: a second person has to agree.");
  },
);

test(
  "pods that have failed are restarted by UID, and those that are well are left alone",
  { timeout: storyTimeout },
  async () => {
    expect(textOf(await planned("/crai restart api --failed", /Restart 0 failed pods/))).toContain(
      "no pod of api-deployment has failed",
    );
    const broken = breakPods("api", 1);
    const { plan, run } = await confirmed(
      "/crai restart api failed pods",
      new RegExp(`Restart ${broken[0]}`),
    );
    expect(plan).toMatch(/2 pods that are ready/);
    expect(run).toContain(`${broken[0]}: evicted and replaced`);
    expect(run).toContain("3 of 3 replicas are ready");
  },
);

test(
  "a disruption budget that blocks is said before, tried for a while and named at the end",
  { timeout: storyTimeout },
  async () => {
    const broken = breakPods("api", 2);
    const why = /the disruption budget api-pdb needs 2 healthy pods and has 1/;
    const { plan, run } = await confirmed("/crai restart api --failed", /Restart 2 failed pods/);
    expect(plan).toMatch(why);
    expect(run).toMatch(/0 of 2 failed pods were evicted; .* may not be/);
    expect(run).toMatch(why);
    for (const name of broken)
      expect(world.sandbox.cluster.store.get("pods", cluster.namespace, name)).toBeDefined();
    // The way on that it names: no pod goes before its successor is ready.
    const whole = await confirmed("/crai restart api", /Restart api-deployment/);
    expect(whole.run).toMatch(/^R\d+ Cured/);
  },
);

test(
  "an image that is gone by the restart leaves the old pods serving, and its undo makes all whole",
  { timeout: storyTimeout },
  async () => {
    // A tag that the registry no longer has: pods that run go on, new ones cannot pull it.
    const { image } = stored("mlflow-deployment").spec.template.spec.containers[0]!;
    withdrawImage(world.sandbox.cluster.store, image);
    const { run } = await confirmed("/crai restart mlflow", /Restart mlflow-deployment/);
    expect(run).toMatch(/New pods do not get ready: .*(ErrImagePull|ImagePullBackOff)/);
    expect(await undone(run)).toMatch(/mlflow-deployment has the template of/);
  },
);

test("nodes are added by people, and crai sees the new one", { timeout: storyTimeout }, async () => {
  const { robin } = world;
  const since = after();
  await robin.command(teamChannel, "/crai add-nodes");
  const question = await robin.waitForMessage(
    teamChannel,
    /How does prod get its nodes\?[\s\S]*\[on-premises\]/,
    {
      after: since,
      withinMs,
    },
  );
  await robin.press(question, "on-premises");
  const checklist = await robin.waitForMessage(teamChannel, /The machine has at least 16 CPU/, {
    after: since,
    withinMs,
  });
  expect(textOf(checklist)).not.toContain("node group is the one");
  const run = /R\d+/.exec(await ask(robin, teamChannel, "/crai runs"))![0];
  for (const item of [1, 2, 3, 4]) await robin.command(teamChannel, `/crai tick ${run} on-premises ${item}`);
  await panel(world, { command: "add-node" });
  const ended = textOf(await endedAfter(since));
  expect(ended).toMatch(/practice-node-4 has joined and is ready: 16 CPU, 64Gi/);
});

test("a finding's button plans what may help", { timeout: storyTimeout }, async () => {
  const { robin } = world;
  breakPods("redis", 1, "OOMKilled");
  const since = after();
  await robin.command(teamChannel, "/crai diagnose resource-exhaustion redis");
  const told = await robin.waitForMessage(teamChannel, /What explains exhausted resources of redis/, {
    after: since,
    withinMs,
  });
  expect(textOf(told)).toContain("ran out of memory");
  await robin.press(told, "Scale redis up");
  await robin.waitForMessage(teamChannel, /Scale redis-deployment from 1 to 2.*Nothing has been touched/s, {
    after: since,
    withinMs,
  });
});

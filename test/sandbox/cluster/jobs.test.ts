import { expect, it } from "vitest";
import type { CronJob, Job } from "../../../sandbox/cluster/controllers/jobs/objects.ts";
import { isDue, parseSchedule } from "../../../sandbox/cluster/controllers/jobs/schedule.ts";
import { eventually, startWorld, stateOf } from "./world.ts";
import type { World } from "./world.ts";

function jobSpec(image: string, rest: object = {}, pod: object = {}): Record<string, unknown> {
  const containers = [{ name: "main", image }];
  return { template: { spec: { restartPolicy: "Never", containers, ...pod } }, ...rest };
}

function job(world: World, name: string): Job {
  return world.store.get("jobs", "shop", name) as Job;
}

/** The conditions that hold, as `Type: reason`. */
function holding(world: World, name: string): string[] {
  return (job(world, name).status?.conditions ?? [])
    .filter(({ status }) => status === "True")
    .map(({ type, reason }) => `${type}: ${reason}`);
}

it("completes a job whose program succeeds, and keeps its pod", async () => {
  const world = startWorld();
  world.create("jobs", "smoke", jobSpec("smoke:v1"));

  await eventually(() =>
    expect(holding(world, "smoke")).toEqual([
      "SuccessCriteriaMet: CompletionsReached",
      "Complete: CompletionsReached",
    ]),
  );
  expect(job(world, "smoke").status).toMatchObject({ succeeded: 1, ready: 0, terminating: 0 });
  const [pod] = world.pods();
  expect(pod?.status?.phase).toBe("Succeeded");
  expect(stateOf(pod)).toBe("Completed");
  expect(pod?.metadata.finalizers).toBeUndefined();
  expect(world.events("smoke")).toContain("Completed: Job completed");
});

it("replaces a failed pod until the backoff limit is reached", async () => {
  const world = startWorld();
  world.create("jobs", "bad", jobSpec("smoke-fail:v1", { backoffLimit: 1 }));

  await eventually(() =>
    expect(holding(world, "bad")).toEqual([
      "FailureTarget: BackoffLimitExceeded",
      "Failed: BackoffLimitExceeded",
    ]),
  );
  expect(job(world, "bad").status?.failed).toBe(2);
  expect(world.pods().map((pod) => pod.status?.phase)).toEqual(["Failed", "Failed"]);
});

it("ends a job that never starts at its deadline, and removes its pod", async () => {
  const world = startWorld();
  world.create("jobs", "late", jobSpec("smoke:nopull", { activeDeadlineSeconds: 2 }));

  await eventually(() => expect(stateOf(world.pods()[0])).toBe("ImagePullBackOff"));
  await eventually(() =>
    expect(holding(world, "late")).toEqual(["FailureTarget: DeadlineExceeded", "Failed: DeadlineExceeded"]),
  );
  await eventually(() => expect(world.pods()).toEqual([]));
});

it("runs each index of an indexed job once, no more at a time than its parallelism", async () => {
  const world = startWorld();
  let most = 0;
  world.store.onEvent(() => {
    const working = world.pods().filter(({ status }) => ["Pending", "Running"].includes(status?.phase ?? ""));
    most = Math.max(most, working.length);
  });
  world.create(
    "jobs",
    "batch",
    jobSpec("echo:v1", { completions: 5, parallelism: 2, completionMode: "Indexed" }),
  );

  await eventually(() => expect(job(world, "batch").status?.completedIndexes).toBe("0-4"));
  expect(most).toBe(2);
  expect(holding(world, "batch")).toContain("Complete: CompletionsReached");
});

it("starts a suspended job only when it is resumed", async () => {
  const world = startWorld();
  world.create("jobs", "later", jobSpec("echo:v1", { suspend: true }));
  await eventually(() => expect(holding(world, "later")).toEqual(["Suspended: JobSuspended"]));
  expect(job(world, "later").status?.startTime).toBeUndefined();

  world.change("jobs", "later", (object) => ((object as Job).spec.suspend = false));

  await eventually(() => expect(holding(world, "later")).toContain("Complete: CompletionsReached"));
});

it("stops the pods of a job that is suspended while it runs", async () => {
  const world = startWorld({ programPace: 1 });
  world.create("jobs", "long", jobSpec("echo:v1", {}, { containers: [sleeping] }));
  await eventually(() => expect(job(world, "long").status?.active).toBe(1));

  world.change("jobs", "long", (object) => ((object as Job).spec.suspend = true));

  await eventually(() => expect(world.pods()).toEqual([]));
});

const sleeping = { name: "main", image: "busybox:1", command: ["sleep", "60"] };

it("restarts the container in its pod when the policy is OnFailure", async () => {
  const world = startWorld();
  world.create(
    "jobs",
    "again",
    jobSpec("smoke-fail:v1", { backoffLimit: 2 }, { restartPolicy: "OnFailure" }),
  );

  await eventually(() => expect(world.pods()[0]?.status?.containerStatuses?.[0]?.restartCount).toBe(1));
  await eventually(() => expect(holding(world, "again")).toContain("Failed: BackoffLimitExceeded"));
});

it("forgets a job and its pods when its time after the end is over", async () => {
  const world = startWorld();
  world.create("jobs", "brief", jobSpec("echo:v1", { ttlSecondsAfterFinished: 0 }));
  await eventually(() => expect(job(world, "brief")).toBeUndefined());
  await eventually(() => expect(world.pods()).toEqual([]));
});

it("removes a running pod with its job", async () => {
  const world = startWorld({ programPace: 1 });
  world.create("jobs", "long", jobSpec("echo:v1", {}, { containers: [sleeping] }));
  await eventually(() => expect(world.pods()[0]?.status?.phase).toBe("Running"));

  world.store.delete("jobs", "shop", "long", { manager: "test", now: new Date() });

  await eventually(() => expect(world.pods()).toEqual([]));
});

it("fails a smoke test while the API it tests serves a bad release", async () => {
  const world = startWorld();
  world.create("deployments", "api", {
    selector: { matchLabels: { app: "api" } },
    template: {
      metadata: { labels: { app: "api" } },
      spec: { containers: [{ name: "api", image: "credit-risk-ai:v2-errors" }] },
    },
  });
  await eventually(() => expect(world.deployment("api").status?.readyReplicas).toBe(1));

  world.create("jobs", "smoke", jobSpec("smoke:v1", { backoffLimit: 0 }));

  await eventually(() => expect(holding(world, "smoke")).toContain("Failed: BackoffLimitExceeded"));
});

it("starts a cron job's job in the minute its schedule names", async () => {
  const world = startWorld();
  const created = new Date(Date.now() - 120_000);
  world.store.create(
    "cronjobs",
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "nightly", namespace: "shop" },
      spec: { schedule: "* * * * *", jobTemplate: { spec: jobSpec("echo:v1") } },
    },
    { manager: "test", now: created },
  );

  await eventually(() => expect(world.store.list("jobs", "shop").length).toBeGreaterThan(0));
  const [started] = world.store.list("jobs", "shop") as Job[];
  expect(started?.metadata.name).toMatch(/^nightly-\d{8}$/);
  await eventually(() =>
    expect(holding(world, started!.metadata.name)).toContain("Complete: CompletionsReached"),
  );
  const cron = () => world.store.get("cronjobs", "shop", "nightly") as CronJob;
  await eventually(() => expect(cron().status?.lastSuccessfulTime).toBeDefined());
  expect(cron().status?.active).toBeUndefined();
});

it.each([
  ["*/15 9-17 * * MON-FRI", "2026-03-02T09:45:00Z", undefined, true],
  ["*/15 9-17 * * MON-FRI", "2026-03-01T09:45:00Z", undefined, false],
  ["0 2 * * *", "2026-07-01T00:00:30Z", "Europe/Berlin", true],
  ["0 2 * * *", "2026-01-01T00:00:00Z", "Europe/Berlin", false],
  ["0 0 13 * 5", "2026-03-13T00:00:00Z", undefined, true],
  ["0 0 13 * 5", "2026-03-06T00:00:00Z", undefined, true],
  ["0 0 13 * 5", "2026-03-05T00:00:00Z", undefined, false],
  ["@weekly", "2026-03-01T00:00:00Z", undefined, true],
  ["30 4 1,15 JAN 7", "2026-01-04T04:30:00Z", undefined, true],
])("reads %s at %s in %s as %s", (schedule, at, zone, due) => {
  expect(isDue(schedule, new Date(at), zone)).toBe(due);
});

it.each(["bad", "61 * * * *", "* * * *", "5-1 * * * *", "*/0 * * * *"])(
  "does not take %s for a schedule",
  (text) => {
    expect(parseSchedule(text)).toBeUndefined();
  },
);
